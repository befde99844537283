package io.millrace.coordination.membership;

import java.util.concurrent.CompletionStage;

/**
 * What a broker whose page cache may be lost has to do before it shows itself, in this order. Both
 * are called on the store's loop, possibly more than once: a loss of contact starts over.
 */
public interface DoubtfulStart {
  /** What makes a start doubtful. */
  enum Why {
    /** Without a clean stop before: what was written and not forced may be gone. */
    MACHINE_RESTARTED,
    /** The cluster knows a later run of this broker than its directory does. B88 */
    OLD_COPY,
    /** Nothing at all is left of what this broker id once held. */
    NEW_DIRECTORY
  }

  /**
   * Leave the in-sync and eligible sets, by own conditional writes that record the last epoch and
   * the log end of each replica. The known node has been bumped, so that no expansion meant for the
   * earlier life can be admitted any more, and the store has been synced.
   *
   * @return true when all of it is confirmed; false to start over
   */
  CompletionStage<Boolean> leaveSets(Why why);

  /**
   * Write the present boot id into the data directory, durably.
   *
   * @return false to start over
   */
  CompletionStage<Boolean> recordBootId();
}
