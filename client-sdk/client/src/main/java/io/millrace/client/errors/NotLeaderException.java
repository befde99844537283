package io.millrace.client.errors;

/** The broker asked does not lead the partition, or nobody does at the moment. */
public final class NotLeaderException extends RetriableException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public NotLeaderException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public NotLeaderException(String message, Throwable cause) {
    super(message, cause);
  }
}
