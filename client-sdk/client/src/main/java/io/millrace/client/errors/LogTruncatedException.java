package io.millrace.client.errors;

/**
 * Records that this consumer has read before its position are no longer in the partition: they were
 * lost with a leader that nobody in sync could follow (an unclean election), and others may stand
 * at their offsets now. The position has not moved.
 *
 * <p>Whoever has taken the lost records into account repairs that first and then reads on where the
 * two histories part: {@code consumer.seek(partition, e.truncatedAt())}.
 */
public final class LogTruncatedException extends PartitionReadException {
  private static final long serialVersionUID = 1L;

  private final long truncatedAt;

  /** With a message for people. */
  public LogTruncatedException(
      String topic, int partition, long offset, long truncatedAt, String message) {
    super(topic, partition, offset, message);
    this.truncatedAt = truncatedAt;
  }

  /** What was read at or after this offset may be lost; all before it is as it was read. */
  public long truncatedAt() {
    return truncatedAt;
  }
}
