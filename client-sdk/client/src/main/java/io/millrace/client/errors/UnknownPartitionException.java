package io.millrace.client.errors;

/** The topic has no such partition. */
public final class UnknownPartitionException extends FatalException {
  private static final long serialVersionUID = 1L;

  private final String topic;
  private final int partition;

  /** With a message for people. */
  public UnknownPartitionException(String topic, int partition, String message) {
    super(message);
    this.topic = topic;
    this.partition = partition;
  }

  /** The topic's name. */
  public String topic() {
    return topic;
  }

  /** From 0. */
  public int partition() {
    return partition;
  }
}
