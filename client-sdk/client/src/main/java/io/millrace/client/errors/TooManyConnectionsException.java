package io.millrace.client.errors;

/**
 * The broker that is needed takes no more connections, from this address ({@code
 * connections.per.address.max} of the broker) or from anybody ({@code connections.max}); the
 * message says which. Raise it, share clients among threads, or close those that are not used.
 */
public final class TooManyConnectionsException extends RetriableException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public TooManyConnectionsException(String message) {
    super(message);
  }
}
