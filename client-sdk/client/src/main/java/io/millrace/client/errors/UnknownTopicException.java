package io.millrace.client.errors;

/** There is no such topic, and it is not one that is created on first use. */
public final class UnknownTopicException extends FatalException {
  private static final long serialVersionUID = 1L;

  private final String topic;

  /** With a message for people. */
  public UnknownTopicException(String topic, String message) {
    super(message);
    this.topic = topic;
  }

  /** The topic's name. */
  public String topic() {
    return topic;
  }
}
