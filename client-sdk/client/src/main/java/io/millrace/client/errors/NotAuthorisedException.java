package io.millrace.client.errors;

/** The cluster does not allow this to this client. */
public final class NotAuthorisedException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public NotAuthorisedException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public NotAuthorisedException(String message, Throwable cause) {
    super(message, cause);
  }
}
