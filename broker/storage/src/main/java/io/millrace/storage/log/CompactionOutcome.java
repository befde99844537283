package io.millrace.storage.log;

/** What became of a wish to have a log compacted at once. */
public sealed interface CompactionOutcome {
  /**
   * Of each key the latest record is left, up to an offset.
   *
   * @param freedBytes negative when batches have become larger: what is dropped has to be written
   *     down
   */
  record Done(long cleanedTo, long droppedRecords, long freedBytes) implements CompactionOutcome {}

  /** Not, or not all of it. */
  record NotDone(String why) implements CompactionOutcome {}
}
