package io.millrace.client.errors;

/** Neither the coordination store nor any broker answered. */
public final class ClusterUnreachableException extends RetriableException {
  private static final long serialVersionUID = 1L;

  public ClusterUnreachableException(String message) {
    super(message);
  }

  public ClusterUnreachableException(String message, Throwable cause) {
    super(message, cause);
  }
}
