package io.millrace.client.errors;

/** A broker answered what the protocol does not allow. The answer was not used. */
public final class ProtocolException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public ProtocolException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public ProtocolException(String message, Throwable cause) {
    super(message, cause);
  }
}
