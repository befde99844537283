package io.millrace.client.errors;

/** The group has members: only they may commit, and it cannot be deleted. */
public final class GroupInUseException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public GroupInUseException(String message) {
    super(message);
  }
}
