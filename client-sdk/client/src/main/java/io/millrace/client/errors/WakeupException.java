package io.millrace.client.errors;

/** Consumer.wakeup() ended the call. Nothing was lost: the next call goes on where this one was. */
public final class WakeupException extends RetriableException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public WakeupException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public WakeupException(String message, Throwable cause) {
    super(message, cause);
  }
}
