package io.millrace.client.errors;

/** The broker that answered belongs to another cluster than the one asked for. */
public final class WrongClusterException extends FatalException {
  private static final long serialVersionUID = 1L;

  public WrongClusterException(String message) {
    super(message);
  }

  public WrongClusterException(String message, Throwable cause) {
    super(message, cause);
  }
}
