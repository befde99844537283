package io.millrace.client.errors;

/** There is no such group. */
public final class UnknownGroupException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public UnknownGroupException(String message) {
    super(message);
  }
}
