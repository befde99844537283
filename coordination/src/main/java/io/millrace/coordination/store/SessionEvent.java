package io.millrace.coordination.store;

/**
 * What happens to the session with the store. {@code Suspended} before the first contact; {@code
 * Connected}; then {@code Suspended} (perhaps {@code OutOfTime}), then either {@code Connected}
 * again with the same session or {@code Expired}, then {@code Connected} with another.
 */
public sealed interface SessionEvent {
  /**
   * In contact. Watches have been set again; what was read before may be old.
   *
   * @param isNew nothing of an earlier session is left, its ephemeral nodes least of all
   */
  record Connected(long sessionId, boolean isNew) implements SessionEvent {}

  /** No contact: the session may go on, or be over. Writes are rejected until the next event. */
  record Suspended() implements SessionEvent {}

  /**
   * No contact for the session's time-out by the monotonic clock: the store may have ended the
   * session and others may act on that, although nobody can tell us.
   */
  record OutOfTime() implements SessionEvent {}

  /** The store says that the session has ended: everything held by it is void. */
  record Expired(long sessionId) implements SessionEvent {}
}
