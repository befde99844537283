package io.millrace.client.errors;

/** The broker that is needed is busy, stopping, not ready, or cannot be connected to. */
public final class BrokerUnavailableException extends RetriableException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public BrokerUnavailableException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public BrokerUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
