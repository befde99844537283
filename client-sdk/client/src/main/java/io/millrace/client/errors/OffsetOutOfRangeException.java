package io.millrace.client.errors;

/**
 * The partition has no record at the consumer's position, and will not have one: it was deleted by
 * retention, or lies behind the end of the log. The position has not moved.
 */
public final class OffsetOutOfRangeException extends PartitionReadException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public OffsetOutOfRangeException(String topic, int partition, long offset, String message) {
    super(topic, partition, offset, message);
  }
}
