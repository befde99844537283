package io.millrace.client.errors;

/**
 * A consumer cannot read on in a partition: the position has not moved, other partitions are read
 * on, and {@code poll} says so again until what is wrong is gone or {@code seek} says where to go.
 */
public abstract sealed class PartitionReadException extends FatalException
    permits CorruptRecordException, LogTruncatedException, OffsetOutOfRangeException {
  private static final long serialVersionUID = 1L;

  private final String topic;
  private final int partition;
  private final long offset;

  PartitionReadException(String topic, int partition, long offset, String message) {
    super(message);
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
  }

  /** The topic's name. */
  public final String topic() {
    return topic;
  }

  /** Of the topic, from 0. */
  public final int partition() {
    return partition;
  }

  /** The consumer's position: the first record that was not delivered. */
  public final long offset() {
    return offset;
  }
}
