package io.millrace.storage.log;

/** What came of writing over damaged batches. */
public sealed interface RepairOutcome {
  /** All of the range is what was written again. */
  record Repaired() implements RepairOutcome {}

  /** So far it is; the rest begins there. */
  record Partly(long nextOffset) implements RepairOutcome {}

  /**
   * Nothing was written.
   *
   * @param why as a clause
   */
  record Refused(String why) implements RepairOutcome {}
}
