package io.millrace.simulator;

/**
 * A promise that was not kept.
 *
 * @param what for people
 * @param atNanos virtual time at which it was noticed
 */
record Violation(Rule rule, String what, long atNanos) {
  /** What was promised; numbers are those of the reliability document. */
  enum Rule {
    /** An acknowledged record is in the final log at its offset. */
    I1_ACKNOWLEDGED_IS_KEPT,
    /** No value stands at two offsets. */
    I2_NO_DUPLICATES,
    /** A producer's records keep their order. */
    I3_ORDER,
    /** An offset below the high watermark never changes; replicas are the same below it. */
    I4_SAME_LOGS,
    /** No client sees the end go back, nothing beyond the watermark is served. */
    I5_END_GOES_ONLY_FORWARD,
    /** What a group has committed never goes back, and nothing is passed over. */
    I6_COMMITS_GO_FORWARD,
    /** A partition has one owner in a group, and nobody else's commit counts. */
    I7_ONE_OWNER,
    /** One leader an epoch; epochs only grow. */
    I10_ONE_LEADER_AN_EPOCH,
    /** Members of the in-sync and eligible sets hold what is committed. */
    I11_MEMBERS_HOLD_ALL,
    /** A write of partition state applies only on the version its writer has read. */
    I12_GUARDED_WRITES,
    /** The cluster recovers by itself once the faults have ended. */
    I13_RECOVERS,
    /** No damaged byte reaches anybody. */
    I14_NO_DAMAGE,
    /** Up to where a broker says that it has compacted, each key has one record. */
    COMPACTED_AS_TOLD,
    /** What is reported as failed is not in the log. */
    I17_HONEST_OUTCOMES,
    /** A task of a broker or a client threw: a bug, whatever it led to. */
    NOTHING_THROWN
  }

  @Override
  public String toString() {
    return rule + " at %.3f ms: %s".formatted(atNanos / 1e6, what);
  }
}
