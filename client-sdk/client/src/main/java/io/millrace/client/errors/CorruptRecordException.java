package io.millrace.client.errors;

/**
 * The bytes a broker sent for a partition are no records: damaged on its disk or on the way, or of
 * a kind this client does not know.
 *
 * <p>Nothing of the batch was delivered and the position has not moved, so that {@code poll} fails
 * again until the damage is gone. Whoever would rather lose the batch seeks past it: {@code
 * consumer.seek(partition, e.nextOffset())}.
 */
public final class CorruptRecordException extends PartitionReadException {
  private static final long serialVersionUID = 1L;

  private final long nextOffset;

  /** With a message for people. */
  public CorruptRecordException(
      String topic, int partition, long offset, long nextOffset, String message) {
    super(topic, partition, offset, message);
    this.nextOffset = nextOffset;
  }

  /** The first offset behind the damage as far as can be told; always above {@link #offset}. */
  public long nextOffset() {
    return nextOffset;
  }
}
