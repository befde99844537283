package io.millrace.storage.log;

/** What became of a wish to have a log compacted at once. */
public sealed interface CompactionOutcome {
  /**
   * Of each key the latest record is left, up to an offset.
   *
   * @param before closed segments up to there, when it was wished for
   * @param after the same, now; larger than before where next to nothing could go, as what is
   *     dropped has to be written down
   */
  record Done(long cleanedTo, long droppedRecords, Size before, Size after)
      implements CompactionOutcome {}

  /** Not, or not all of it, though it should be. */
  record NotDone(String why) implements CompactionOutcome {}

  /** The topic does not keep the latest record of each key. */
  record NotCompacted() implements CompactionOutcome {}

  /**
   * Of some segments.
   *
   * @param bytes without indexes
   */
  record Size(int segments, long bytes) {}
}
