package io.millrace.client.errors;

/** The record, or what became of it, is over a limit; the message names the limit. */
public final class RecordTooLargeException extends FatalException {
  private static final long serialVersionUID = 1L;

  public RecordTooLargeException(String message) {
    super(message);
  }

  public RecordTooLargeException(String message, Throwable cause) {
    super(message, cause);
  }
}
