package io.millrace.client.errors;

/** A topic of this name, or of one too similar to it, exists already. */
public final class TopicExistsException extends FatalException {
  private static final long serialVersionUID = 1L;

  public TopicExistsException(String message) {
    super(message);
  }

  public TopicExistsException(String message, Throwable cause) {
    super(message, cause);
  }
}
