package io.millrace.client;

/**
 * Where a record was written, and how safe it is there.
 *
 * @param offset {@link #UNKNOWN_OFFSET} when no answer was asked for
 * @param timestamp the record's own: what the caller set, or the producer's clock at {@code send};
 *     milliseconds since the epoch, UTC
 * @param acknowledgement shared by the records of a batch
 */
public record RecordMetadata(
    TopicPartition topicPartition, long offset, long timestamp, Acknowledgement acknowledgement) {
  /** With {@link Durability#NONE} nobody tells the offset. */
  public static final long UNKNOWN_OFFSET = -1;

  /** The topic's name. */
  public String topic() {
    return topicPartition.topic();
  }

  /** From 0. */
  public int partition() {
    return topicPartition.partition();
  }

  /** False with {@link Durability#NONE}. */
  public boolean hasOffset() {
    return offset != UNKNOWN_OFFSET;
  }

  /** The level that was reached. */
  public Durability durability() {
    return acknowledgement.durability();
  }

  /** Of the leader that took the record; grows with each change of leader. */
  public int leaderEpoch() {
    return acknowledgement.leaderEpoch();
  }
}
