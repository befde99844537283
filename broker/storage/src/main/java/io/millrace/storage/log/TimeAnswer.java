package io.millrace.storage.log;

/** What comes of {@link PartitionLog#findTime}. */
public sealed interface TimeAnswer {
  /** The first record at or after the time. */
  record Found(TimedOffset record) implements TimeAnswer {}

  /** All that may be shown is older. */
  record Nothing() implements TimeAnswer {}

  /**
   * The log is offline.
   *
   * @param why which file, where, what is wrong
   */
  record Failed(String why) implements TimeAnswer {}
}
