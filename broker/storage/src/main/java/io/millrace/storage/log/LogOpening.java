package io.millrace.storage.log;

/** What comes of opening a log. */
public sealed interface LogOpening {
  /** The log is its owner's now. */
  record Opened(PartitionLog log, RecoveryReport recovery) implements LogOpening {}

  /**
   * This log stays closed, as it is; others are not concerned.
   *
   * @param why which file, where, what is wrong
   */
  record Offline(String why) implements LogOpening {}
}
