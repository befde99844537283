package io.millrace.client.errors;

/** Fewer replicas are in sync, or fewer brokers live, than was asked for. Nothing was written. */
public final class NotEnoughReplicasException extends RetriableException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public NotEnoughReplicasException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public NotEnoughReplicasException(String message, Throwable cause) {
    super(message, cause);
  }
}
