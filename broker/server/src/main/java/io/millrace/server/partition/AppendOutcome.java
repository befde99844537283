package io.millrace.server.partition;

import io.millrace.wire.v1.Durability;
import java.util.List;

/** What became of one partition's share of a produce request. */
public sealed interface AppendOutcome {
  /**
   * In the log, at the level that was waited for.
   *
   * @param baseOffsets of each batch, in the order sent
   * @param appendTimestampMillis the leader's wall clock
   * @param reached the level this acknowledgement stands for
   * @param flushed whether this replica's disk has it
   */
  record Appended(
      List<Long> baseOffsets,
      long appendTimestampMillis,
      int leaderEpoch,
      Durability reached,
      int replicas,
      boolean flushed)
      implements AppendOutcome {
    public Appended {
      baseOffsets = List.copyOf(baseOffsets);
    }
  }

  /** Certainly not in the log, unless the code says that the outcome is unknown. */
  record Refused(Refusal refusal) implements AppendOutcome {}
}
