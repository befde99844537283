package io.millrace.client.errors;

/** Neither the coordination store nor any broker answered. */
public final class ClusterUnreachableException extends RetriableException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public ClusterUnreachableException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public ClusterUnreachableException(String message, Throwable cause) {
    super(message, cause);
  }
}
