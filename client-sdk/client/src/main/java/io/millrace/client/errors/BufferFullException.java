package io.millrace.client.errors;

/**
 * The producer's buffer stayed full for the longest time that send may block: records come faster
 * than the brokers take them. The record was not queued.
 */
public final class BufferFullException extends RetriableException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public BufferFullException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public BufferFullException(String message, Throwable cause) {
    super(message, cause);
  }
}
