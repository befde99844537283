package io.millrace.client.errors;

import io.millrace.client.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A handler threw, or did not return in time, and nobody said to go on: the runner has ended. What
 * was handled before is committed; the record this names, and what follows it in its partition, is
 * read again by whoever gets the partition next.
 */
public final class HandlerFailedException extends FatalException {
  private static final long serialVersionUID = 1L;

  private final String topic;
  private final int partition;
  private final long offset;

  /** With a message for people, and what the handler threw; null when it did not return. */
  public HandlerFailedException(
      TopicPartition where, long offset, String message, @Nullable Throwable cause) {
    super(message);
    if (cause != null) {
      initCause(cause);
    }
    this.topic = where.topic();
    this.partition = where.partition();
    this.offset = offset;
  }

  /** Of the record. */
  public String topic() {
    return topic;
  }

  /** Of the record. */
  public int partition() {
    return partition;
  }

  /** Of the first record of the call that failed. */
  public long offset() {
    return offset;
  }
}
