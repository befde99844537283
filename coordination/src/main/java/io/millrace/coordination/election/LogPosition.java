package io.millrace.coordination.election;

/**
 * How far a replica's log reaches.
 *
 * @param lastEpoch in which its last record was written; 0 when it has none
 * @param logEnd the next offset
 */
public record LogPosition(int lastEpoch, long logEnd) {
  public static final LogPosition NOTHING = new LogPosition(0, 0);

  /** Whether a log that once ended there may still hold all it held then. */
  boolean reaches(int epoch, long end) {
    return lastEpoch >= epoch && logEnd >= end;
  }
}
