package io.millrace.client.errors;

/**
 * The consumer is no member of its group any more, or not in the epoch it believed: its partitions
 * may be read by others by now. The consumer joins again by itself; what was to be committed was
 * not.
 */
public final class MemberFencedException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public MemberFencedException(String message) {
    super(message);
  }
}
