package io.millrace.storage.log;

import java.util.OptionalLong;

/** Who wants a log compacted at once. Called on the housekeeping worker. */
public interface CompactionWish {
  /** How far; empty: to where the log ends now, for which its active segment is closed. */
  OptionalLong before();

  /** How far that is. At most once, and first. */
  void begun(long wantedTo);

  /** Nobody waits any more: it is not told of the end either. */
  boolean isGivenUp();

  /** At most once; nothing comes after it. */
  void ended(CompactionOutcome outcome);
}
