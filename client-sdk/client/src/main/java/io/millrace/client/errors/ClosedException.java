package io.millrace.client.errors;

/** The client was closed before this could be sent: it certainly had no effect. */
public final class ClosedException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public ClosedException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public ClosedException(String message, Throwable cause) {
    super(message, cause);
  }
}
