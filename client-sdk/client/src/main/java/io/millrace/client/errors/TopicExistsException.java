package io.millrace.client.errors;

/** A topic of this name, or of one too similar to it, exists already. */
public final class TopicExistsException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public TopicExistsException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public TopicExistsException(String message, Throwable cause) {
    super(message, cause);
  }
}
