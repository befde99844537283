package io.millrace.server.replica;

/** What became of a {@link SetsChange}. */
public sealed interface SetsOutcome {
  /** The node is as wanted, by this change. */
  record Written(PartitionState now) implements SetsOutcome {}

  /** Certainly not written, and never will be: the node has moved on, to this. */
  record Moved(PartitionState now) implements SetsOutcome {}

  /** Certainly not written, and never will be; the node may be as it was. */
  record Refused(String why) implements SetsOutcome {}

  /**
   * It may have been written or may still be. Both the old sets and the new ones may stand until a
   * version above the expected one is seen.
   */
  record Unknown(String why) implements SetsOutcome {}
}
