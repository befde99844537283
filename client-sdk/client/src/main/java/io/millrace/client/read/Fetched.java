package io.millrace.client.read;

import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import java.nio.ByteBuffer;

/** What the loop tells the consumer's thread of one partition, in order. */
public sealed interface Fetched {
  TopicPartition partition();

  /** As of the last seek the loop had heard of. */
  int version();

  /** Where fetching begins has been found out. */
  record Positioned(TopicPartition partition, int version, long offset) implements Fetched {}

  /**
   * Whole batches; nothing but their framing and their place has been checked.
   *
   * @param data empty when offsets hold nothing
   * @param nextOffset where to go on behind them
   * @param highWatermark all below is committed
   */
  record Batches(
      TopicPartition partition, int version, ByteBuffer data, long nextOffset, long highWatermark)
      implements Fetched {}

  /**
   * There is no record at this offset; fetching has stopped.
   *
   * @param belowStart it was deleted; else it lies behind the end of the log
   * @param otherTopic another topic of the same name has taken the place of the one that was read
   */
  record OutOfRange(
      TopicPartition partition,
      int version,
      long offset,
      boolean belowStart,
      boolean otherTopic,
      String why)
      implements Fetched {}

  /** Fetching has stopped. */
  record Failed(TopicPartition partition, int version, MillraceException why) implements Fetched {}
}
