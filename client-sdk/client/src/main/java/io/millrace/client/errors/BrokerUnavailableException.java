package io.millrace.client.errors;

/** The broker that is needed is busy, stopping, not ready, or cannot be connected to. */
public final class BrokerUnavailableException extends RetriableException {
  private static final long serialVersionUID = 1L;

  public BrokerUnavailableException(String message) {
    super(message);
  }

  public BrokerUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
