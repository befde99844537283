package io.millrace.client.errors;

/** The record, or what became of it, is over a limit; the message names the limit. */
public final class RecordTooLargeException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public RecordTooLargeException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public RecordTooLargeException(String message, Throwable cause) {
    super(message, cause);
  }
}
