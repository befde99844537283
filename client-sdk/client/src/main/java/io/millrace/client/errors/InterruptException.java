package io.millrace.client.errors;

/**
 * The calling thread was interrupted while the call waited; its interrupt flag is set again.
 * Nothing but the wait has ended.
 */
public final class InterruptException extends RetriableException {
  private static final long serialVersionUID = 1L;

  public InterruptException(String message) {
    super(message);
  }

  public InterruptException(String message, Throwable cause) {
    super(message, cause);
  }
}
