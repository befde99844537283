package io.millrace.checker;

import io.millrace.checker.Anomaly.Kind;
import java.util.EnumSet;
import java.util.Set;

/**
 * What the workload promised, and so which anomalies are errors.
 *
 * @param idempotent producers neither double nor reorder
 * @param subscribed keys come and go by group assignment: gaps between polls prove nothing
 * @param readFromStart every key was read from its beginning by somebody
 * @param drained at the end everything was read up to the end of every key
 * @param readCommitted readers stop at the last stable offset
 * @param deadlineNanos of every call; 0: none
 */
public record Expectations(
    boolean idempotent,
    boolean subscribed,
    boolean readFromStart,
    boolean drained,
    boolean readCommitted,
    long deadlineNanos) {

  /** Idempotent producers, readers with assigned keys, everything read to the end. */
  public static final Expectations STRICT = new Expectations(true, false, true, true, false, 0);

  /** What may happen with these and breaks no promise. */
  Set<Kind> permitted() {
    Set<Kind> permitted = EnumSet.of(Kind.INT_SEND_SKIP, Kind.CYCLE_WW, Kind.CYCLE_WW_WR);
    if (!idempotent) {
      permitted.add(Kind.DUPLICATE);
      permitted.add(Kind.NONMONOTONIC_SEND);
      permitted.add(Kind.INT_NONMONOTONIC_SEND);
    }
    if (subscribed) {
      permitted.add(Kind.POLL_SKIP);
      permitted.add(Kind.NONMONOTONIC_POLL);
    }
    if (!readFromStart) {
      permitted.add(Kind.LOST_WRITE);
    }
    if (!drained) {
      permitted.add(Kind.UNSEEN);
    }
    return permitted;
  }
}
