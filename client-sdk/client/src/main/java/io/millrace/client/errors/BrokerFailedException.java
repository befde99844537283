package io.millrace.client.errors;

/** The broker met a fault of its own: its log has the details, the message the place. */
public final class BrokerFailedException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public BrokerFailedException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public BrokerFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
