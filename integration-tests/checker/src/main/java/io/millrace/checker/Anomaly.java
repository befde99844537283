package io.millrace.checker;

import io.millrace.checker.history.Operation;
import java.util.List;

/**
 * A contradiction, or a place worth a look.
 *
 * @param where the key, or empty
 * @param what for people, with values and offsets
 * @param operations that show it
 */
public record Anomaly(Kind kind, String where, String what, List<Operation> operations) {
  public Anomaly {
    operations = List.copyOf(operations);
  }

  /** What there is to find. Numbers I.. are the invariants it breaks. */
  public enum Kind {
    /** One offset, two values (I4). */
    INCONSISTENT_OFFSETS,
    /** One value, two offsets (I2). */
    DUPLICATE,
    /** Committed, passed by readers, read by none (I1). */
    LOST_WRITE,
    /** Acknowledged, and not there at the end (I1). */
    UNSEEN,
    /** Read although its writer knows that it failed (I17). */
    ABORTED_READ,
    /** Read, but never sent, or sent elsewhere (I14). */
    PHANTOM,
    /** A transaction reads what it has itself written (I8). */
    PRECOMMITTED_READ,
    INT_POLL_SKIP,
    INT_NONMONOTONIC_POLL,
    POLL_SKIP,
    NONMONOTONIC_POLL,
    /** Something else stands between two sends of one transaction. */
    INT_SEND_SKIP,
    INT_NONMONOTONIC_SEND,
    /** A process' later send landed before an earlier one (I3). */
    NONMONOTONIC_SEND,
    /** Transactions that follow each other's writes around a circle. */
    CYCLE_WW,
    /** Transactions that read each other's writes (I8). */
    CYCLE_WR,
    CYCLE_WW_WR,
    /** The high watermark or last stable offset went back without a new epoch's excuse (I5). */
    WATERMARK_BACK,
    /** A client was told an older leader epoch than it had seen (I15). */
    EPOCH_BACK,
    /** Served at or behind the watermark (I5). */
    SERVED_BEYOND_WATERMARK,
    /** An accepted commit below one accepted before (I6). */
    COMMIT_BACK,
    /** A call outlived its deadline by more than a tenth (I17). */
    LATE,
    /** A call never ended, though its process lived (I17). */
    NEVER_ENDED
  }

  @Override
  public String toString() {
    return kind + (where.isEmpty() ? "" : " in " + where) + ": " + what + " " + operations;
  }
}
