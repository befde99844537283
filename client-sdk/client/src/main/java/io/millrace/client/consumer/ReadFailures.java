package io.millrace.client.consumer;

import io.millrace.client.TopicPartition;
import io.millrace.client.errors.CorruptRecordException;
import io.millrace.client.errors.LogTruncatedException;

/** What the application is told of a partition that cannot be read on. */
final class ReadFailures {
  private ReadFailures() {}

  /**
   * The bytes at the position are no records.
   *
   * @param behind the first offset behind them as far as can be told
   */
  static CorruptRecordException corrupt(
      TopicPartition partition, long position, long behind, String what) {
    return new CorruptRecordException(
        partition.topic(),
        partition.partition(),
        position,
        Math.max(position + 1, behind),
        partition + " at offset " + position + ": " + what);
  }

  /** Records before the position were read, and are not in the leader's log. */
  static LogTruncatedException truncated(TopicPartition partition, long position, long end) {
    return new LogTruncatedException(
        partition.topic(),
        partition.partition(),
        position,
        end,
        partition
            + " was truncated at "
            + end
            + ", and records up to "
            + position
            + " had been read: they may be lost, and others may stand in their place");
  }
}
