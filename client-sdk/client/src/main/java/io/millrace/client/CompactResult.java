package io.millrace.client;

import io.millrace.client.errors.MillraceException;

/** What became of one replica of a partition in {@link Admin#compactTopic}. */
public sealed interface CompactResult {
  /** Of which it is a replica. */
  TopicPartition partition();

  /** Which stores the replica: each compacts its own. */
  int brokerId();

  /**
   * Of each key the latest record is left, up to an offset.
   *
   * @param cleanedTo the offset behind what was compacted
   * @param droppedRecords since it was asked for
   * @param before its closed files up to there, when it was asked for
   * @param after the same, now; a little more bytes than before where next to nothing could go,
   *     because what is missing has to be written down
   */
  record Compacted(
      TopicPartition partition,
      int brokerId,
      long cleanedTo,
      long droppedRecords,
      Files before,
      Files after)
      implements CompactResult {}

  /**
   * Not, or not all of it; what is done so far stays done.
   *
   * @param error {@link io.millrace.client.errors.TimedOutException} when it takes longer, or waits
   *     for what is not committed; its message is for people
   */
  record Failed(TopicPartition partition, int brokerId, MillraceException error)
      implements CompactResult {}

  /**
   * @param sizeBytes without indexes
   */
  record Files(int count, long sizeBytes) {}
}
