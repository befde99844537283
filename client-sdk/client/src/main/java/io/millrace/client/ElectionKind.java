package io.millrace.client;

/** Whom {@link Admin#electLeaders} should make the leader. */
public enum ElectionKind {
  /** The first replica in order of preference, when it is live and in sync. Loses nothing. */
  PREFERRED,
  /**
   * Where nobody can lead: the reachable replica that has the most. What only the others have is
   * lost, committed or not.
   */
  UNCLEAN
}
