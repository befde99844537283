package io.millrace.client.errors;

/** A new leader does not know yet where the committed records end. */
public final class OffsetNotAvailableException extends RetriableException {
  private static final long serialVersionUID = 1L;

  public OffsetNotAvailableException(String message) {
    super(message);
  }

  public OffsetNotAvailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
