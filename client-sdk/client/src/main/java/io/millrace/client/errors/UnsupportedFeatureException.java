package io.millrace.client.errors;

/** This version of the client or of the broker does not know what was asked for. */
public final class UnsupportedFeatureException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public UnsupportedFeatureException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public UnsupportedFeatureException(String message, Throwable cause) {
    super(message, cause);
  }
}
