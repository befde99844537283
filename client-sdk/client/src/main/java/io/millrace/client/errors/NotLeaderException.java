package io.millrace.client.errors;

/** The broker asked does not lead the partition, or nobody does at the moment. */
public final class NotLeaderException extends RetriableException {
  private static final long serialVersionUID = 1L;

  public NotLeaderException(String message) {
    super(message);
  }

  public NotLeaderException(String message, Throwable cause) {
    super(message, cause);
  }
}
