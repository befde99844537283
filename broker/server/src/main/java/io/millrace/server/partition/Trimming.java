package io.millrace.server.partition;

import io.millrace.storage.log.TrimResult;
import io.millrace.wire.v1.ErrorCode;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The wish that a partition's log begins later.
 *
 * @param believedEpoch the leader epoch the asker believes in
 * @param beforeOffset the first to keep; empty: the high watermark
 */
public record Trimming(PartitionId id, OptionalInt believedEpoch, OptionalLong beforeOffset) {
  /** What came of it. */
  public sealed interface Answer {
    /**
     * @param startOffset where the log begins now, durably
     */
    record Trimmed(long startOffset, int leaderEpoch) implements Answer {}

    record Refused(Refusal refusal) implements Answer {}
  }

  static Answer answer(PartitionId id, long before, int epoch, TrimResult result) {
    if (result instanceof TrimResult.Trimmed trimmed) {
      return new Answer.Trimmed(trimmed.startOffset(), epoch);
    }
    if (result instanceof TrimResult.BeyondHighWatermark beyond) {
      return refused(
          ErrorCode.OFFSET_OUT_OF_RANGE,
          "nothing was trimmed: offset "
              + Long.toUnsignedString(before)
              + " of "
              + id
              + " is beyond its high watermark "
              + beyond.highWatermark());
    }
    if (result instanceof TrimResult.NoSpace full) {
      return refused(ErrorCode.STORAGE_FAILED, "nothing was trimmed: " + full.why());
    }
    return refused(
        ErrorCode.OUTCOME_UNKNOWN,
        id + " may have been trimmed: " + ((TrimResult.Unknown) result).why());
  }

  private static Answer refused(ErrorCode code, String message) {
    return new Answer.Refused(new Refusal(code, message));
  }
}
