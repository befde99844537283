package io.millrace.coordination.membership;

/** Hears how membership goes. Called on the store's loop; must not block. */
public interface RegistrationListener {
  /**
   * A new life: what any earlier incarnation held is void. Act on the cluster only by what is read
   * from now on.
   */
  void registered(int incarnation);

  /** No contact with the store: make no coordination writes until the next call. */
  void suspended();

  /** In contact again within the same session: the incarnation goes on. */
  void resumed();

  /**
   * No contact for the session's time-out: others may have declared this broker dead. Levels of
   * acknowledgement that need a lease stop. Without contact still.
   */
  void outOfTime();

  /** The incarnation is over; a new one follows by itself. */
  void expired();

  /** This broker cannot be a member, and must stop: the id belongs to somebody else. */
  void refused(String why);
}
