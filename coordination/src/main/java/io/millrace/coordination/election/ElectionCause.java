package io.millrace.coordination.election;

import java.util.Locale;

/** Why a replica takes the leadership of a partition, for counting; the node tells people more. */
public enum ElectionCause {
  /** Nobody led: it is new, or its last leader was the last of its in-sync set. */
  LEADERLESS,
  /** The leader's session has ended. */
  SESSION_ENDED,
  /** The leader's session stands, but it does not answer. */
  SILENT,
  /** The leader, another broker, has registered anew. */
  RESTARTED,
  /** This broker led in its former life. */
  OWN_RESTART,
  /** Nobody of the in-sync set is live: taken from the eligible set. */
  ELIGIBLE,
  /** All members had lost power: the one with the most leads. */
  ROLL_CALL;

  /** As a label. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
