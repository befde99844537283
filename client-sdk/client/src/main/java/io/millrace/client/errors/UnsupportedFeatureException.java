package io.millrace.client.errors;

/** This version of the client or of the broker does not know what was asked for. */
public final class UnsupportedFeatureException extends FatalException {
  private static final long serialVersionUID = 1L;

  public UnsupportedFeatureException(String message) {
    super(message);
  }

  public UnsupportedFeatureException(String message, Throwable cause) {
    super(message, cause);
  }
}
