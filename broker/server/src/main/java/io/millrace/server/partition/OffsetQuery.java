package io.millrace.server.partition;

import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Which offset of a partition somebody wants to know.
 *
 * @param believedEpoch the leader epoch the asker believes in
 */
public record OffsetQuery(PartitionId id, OptionalInt believedEpoch, Position position) {
  /** Where. */
  public sealed interface Position {
    /** The first retained offset. */
    record Earliest() implements Position {}

    /** The high watermark: where the next visible record will stand. */
    record Latest() implements Position {}

    /** The first record at or after a time, milliseconds since the epoch. */
    record AtTime(long timestampMillis) implements Position {}
  }

  /** What was found. */
  public sealed interface Answer {
    /**
     * @param offset empty when no record is at or after the time asked for
     * @param timestampMillis of the record, when a time was asked for
     */
    record At(OptionalLong offset, OptionalLong timestampMillis, int leaderEpoch)
        implements Answer {}

    record Refused(Refusal refusal) implements Answer {}
  }
}
