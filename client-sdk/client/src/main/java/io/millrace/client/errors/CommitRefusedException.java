package io.millrace.client.errors;

/**
 * The group did not take a commit: the consumer does not hold the partition any more, or the offset
 * cannot be meant.
 */
public final class CommitRefusedException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public CommitRefusedException(String message) {
    super(message);
  }
}
