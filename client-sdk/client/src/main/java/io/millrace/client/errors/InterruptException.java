package io.millrace.client.errors;

/**
 * The calling thread was interrupted while the call waited; its interrupt flag is set again.
 * Nothing but the wait has ended.
 */
public final class InterruptException extends RetriableException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public InterruptException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public InterruptException(String message, Throwable cause) {
    super(message, cause);
  }
}
