package io.millrace.client.errors;

/** The group has as many members as it may, or a broker as many groups. */
public final class GroupFullException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public GroupFullException(String message) {
    super(message);
  }
}
