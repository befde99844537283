package io.millrace.client.errors;

/**
 * A leader misses records that this producer sent before, and that were acknowledged: they are not
 * in its log any more, or it does not remember them. This record was not written; those that are
 * sent after it are taken again.
 */
public final class OutOfOrderSequenceException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public OutOfOrderSequenceException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public OutOfOrderSequenceException(String message, Throwable cause) {
    super(message, cause);
  }
}
