package io.millrace.client.errors;

/**
 * The time allowed for the call has passed, and it has changed nothing: a read without an answer,
 * or a record that was never handed to a broker.
 */
public final class TimedOutException extends RetriableException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public TimedOutException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public TimedOutException(String message, Throwable cause) {
    super(message, cause);
  }
}
