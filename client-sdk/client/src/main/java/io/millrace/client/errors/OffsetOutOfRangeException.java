package io.millrace.client.errors;

/**
 * The partition has no record at the consumer's position, and will not have one: it was deleted by
 * retention, or lies behind the end of the log. The position has not moved.
 */
public final class OffsetOutOfRangeException extends FatalException {
  private static final long serialVersionUID = 1L;

  private final String topic;
  private final int partition;
  private final long offset;

  public OffsetOutOfRangeException(String topic, int partition, long offset, String message) {
    super(message);
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
  }

  public String topic() {
    return topic;
  }

  public int partition() {
    return partition;
  }

  /** The consumer's position. */
  public long offset() {
    return offset;
  }
}
