package io.millrace.client.errors;

/**
 * Records that this consumer has read before its position are no longer in the partition: they were
 * lost with a leader that nobody in sync could follow (an unclean election), and others may stand
 * at their offsets now. The position has not moved.
 *
 * <p>Whoever has taken the lost records into account repairs that first and then reads on where the
 * two histories part: {@code consumer.seek(partition, e.truncatedAt())}.
 */
public final class LogTruncatedException extends FatalException {
  private static final long serialVersionUID = 1L;

  private final String topic;
  private final int partition;
  private final long offset;
  private final long truncatedAt;

  public LogTruncatedException(
      String topic, int partition, long offset, long truncatedAt, String message) {
    super(message);
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.truncatedAt = truncatedAt;
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

  /** What was read at or after this offset may be lost; all before it is as it was read. */
  public long truncatedAt() {
    return truncatedAt;
  }
}
