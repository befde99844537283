package io.millrace.client.errors;

/** A new leader does not know yet where the committed records end. */
public final class OffsetNotAvailableException extends RetriableException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public OffsetNotAvailableException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public OffsetNotAvailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
