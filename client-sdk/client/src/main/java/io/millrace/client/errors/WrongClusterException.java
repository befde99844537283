package io.millrace.client.errors;

/** The broker that answered belongs to another cluster than the one asked for. */
public final class WrongClusterException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public WrongClusterException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public WrongClusterException(String message, Throwable cause) {
    super(message, cause);
  }
}
