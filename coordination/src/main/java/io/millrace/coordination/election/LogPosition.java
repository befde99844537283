package io.millrace.coordination.election;

/**
 * How far a replica's log reaches.
 *
 * @param lastEpoch in which its last record was written; 0 when it has none
 * @param logEnd the next offset
 */
public record LogPosition(int lastEpoch, long logEnd) {
  public static final LogPosition NOTHING = new LogPosition(0, 0);
}
