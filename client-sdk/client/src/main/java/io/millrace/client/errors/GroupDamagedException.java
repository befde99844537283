package io.millrace.client.errors;

/**
 * What the brokers have kept of the group contradicts itself: nobody can join it or commit for it
 * until it is deleted.
 */
public final class GroupDamagedException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public GroupDamagedException(String message) {
    super(message);
  }
}
