package io.millrace.client.errors;

/** The broker refused the request as wrong; the message tells what to change. */
public final class InvalidRequestException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public InvalidRequestException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public InvalidRequestException(String message, Throwable cause) {
    super(message, cause);
  }
}
