package io.millrace.checker.history;

/**
 * One thing that happened inside a call. A key is a topic's partition; a value is unique in the
 * whole history.
 */
public sealed interface Step {
  /** For offsets, epochs and watermarks that nobody told. */
  long UNKNOWN = -1;

  String key();

  /**
   * @param offset where the answer says it stands, or {@link #UNKNOWN}
   */
  record Send(String key, String value, long offset) implements Step {}

  record Read(String key, String value, long offset) implements Step {}

  /** What an answer said of the partition besides its records; each may be {@link #UNKNOWN}. */
  record Seen(String key, long watermark, long stable, long epoch) implements Step {}

  /** The key was assigned, taken away or sought in: what was read before tells nothing any more. */
  record Moved(String key) implements Step {}

  record Commit(String group, String key, long offset) implements Step {}
}
