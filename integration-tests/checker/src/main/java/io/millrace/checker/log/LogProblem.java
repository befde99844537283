package io.millrace.checker.log;

/**
 * Something in a log's files that must not be.
 *
 * @param where file and position, or replica and offset
 */
public record LogProblem(Kind kind, String where, String what) {
  /** What there is to find. Numbers I.. are the invariants it breaks. */
  public enum Kind {
    /** Bytes that are no batch, before the end of the log (I14). */
    NO_BATCH,
    CHECKSUM,
    /** An offset is missing although nothing compacts (I4). */
    GAP,
    /** An offset stands twice, or behind a higher one (I4). */
    OVERLAP,
    /** A later batch is of an earlier leader epoch (I10). */
    EPOCH_BACK,
    /** The list of epochs says otherwise than the batches. */
    EPOCH_LIST,
    /** Two replicas hold different batches at an offset below both watermarks (I4). */
    DIFFERENT,
    /** A replica's log ends below the watermark (I11). */
    SHORT,
    /** An acknowledged value is not at its offset (I1). */
    NOT_THERE,
    /** The latest record of a key has gone from a compacted log (I1). */
    LATEST_GONE,
    /** A key is there again that was deleted, or as it was before (semantics 4.10). */
    RETURNED
  }

  @Override
  public String toString() {
    return kind + " at " + where + ": " + what;
  }
}
