package io.millrace.client.errors;

/**
 * Another producer with the same id, in a later life of it, has written to the partition: this one
 * may write nothing to it any more. Make a new producer. Nothing was written.
 */
public final class ProducerFencedException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public ProducerFencedException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public ProducerFencedException(String message, Throwable cause) {
    super(message, cause);
  }
}
