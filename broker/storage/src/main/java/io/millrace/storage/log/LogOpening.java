package io.millrace.storage.log;

/** What comes of opening a log. */
public sealed interface LogOpening {
  /** The log is its owner's now. */
  record Opened(PartitionLog log, RecoveryReport recovery) implements LogOpening {}

  /**
   * This log stays closed, as it is; others are not concerned.
   *
   * @param why which file, where, what is wrong
   * @param isDamaged what is there cannot be trusted, and another replica's copy could stand in for
   *     it; not of a disk that fails
   */
  record Offline(String why, boolean isDamaged) implements LogOpening {
    static Offline damaged(String why) {
      return new Offline(why, true);
    }

    static Offline failed(String why) {
      return new Offline(why, false);
    }
  }
}
