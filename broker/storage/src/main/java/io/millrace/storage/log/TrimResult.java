package io.millrace.storage.log;

/** What comes of {@link PartitionLog#trim}. */
public sealed interface TrimResult {
  /**
   * The log begins here, durably: at the offset asked for, or behind it where it did before.
   *
   * @param startOffset first offset that can be read
   */
  record Trimmed(long startOffset) implements TrimResult {}

  /** Nothing has changed: what is not committed cannot be trimmed. */
  record BeyondHighWatermark(long startOffset, long highWatermark) implements TrimResult {}

  /**
   * Nothing has changed.
   *
   * @param why what is wrong, where, and what to do
   */
  record NoSpace(String why) implements TrimResult {}

  /** The log is offline, or closes: the start may or may not have moved. */
  record Unknown(String why) implements TrimResult {}
}
