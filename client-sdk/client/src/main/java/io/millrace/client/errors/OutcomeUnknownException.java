package io.millrace.client.errors;

/**
 * It left this process and no answer told how it ended: it may have taken effect, may not have, or
 * may still. Only reading back can tell. Sending it again may do it twice.
 */
public final class OutcomeUnknownException extends MillraceException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public OutcomeUnknownException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public OutcomeUnknownException(String message, Throwable cause) {
    super(message, cause);
  }
}
