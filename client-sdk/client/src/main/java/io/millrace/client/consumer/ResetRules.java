package io.millrace.client.consumer;

import io.millrace.client.OffsetReset;
import io.millrace.client.OffsetSpec;
import java.util.Optional;

/** Where reading begins, and where it goes on when there is nothing at the position. */
final class ResetRules {
  private ResetRules() {}

  /** What to do. */
  sealed interface Decision {
    /** Read from this offset. */
    record ReadFrom(long offset) implements Decision {}

    /** Ask the leader where that is, and read from there. */
    record LookUp(OffsetSpec where) implements Decision {}

    /** Tell the application. */
    record Fail() implements Decision {}
  }

  static Decision begin(StartAt start, Optional<OffsetReset> policy) {
    if (start instanceof StartAt.Offset at) {
      return new Decision.ReadFrom(at.offset());
    }
    if (start instanceof StartAt.First) {
      return new Decision.LookUp(OffsetSpec.earliest());
    }
    if (start instanceof StartAt.End) {
      return new Decision.LookUp(OffsetSpec.latest());
    }
    if (((StartAt.ByPolicy) start).bornLater()) {
      // Whoever waited for new records wants the first ones of a partition that is new itself.
      return new Decision.LookUp(OffsetSpec.earliest());
    }
    return switch (policy.orElse(OffsetReset.LATEST)) {
      case EARLIEST -> new Decision.LookUp(OffsetSpec.earliest());
      case LATEST -> new Decision.LookUp(OffsetSpec.latest());
      case FAIL -> new Decision.Fail();
    };
  }

  /**
   * The leader has no record at the position, and the records before it are those that were read.
   *
   * @param belowStart they have been deleted, rather than not been written; a sought offset behind
   *     the end has missed nothing, and to begin again would return everything twice
   * @param fetched whether the run has been served before: until then a place that was looked up
   *     may have been overtaken by retention, and is looked up again
   */
  static Decision outOfRange(
      StartAt start, boolean belowStart, boolean fetched, Optional<OffsetReset> policy) {
    if (!(start instanceof StartAt.Offset) && !fetched) {
      return begin(start, policy);
    }
    OffsetReset unset = start.sought() ? OffsetReset.FAIL : OffsetReset.LATEST;
    return switch (policy.orElse(unset)) {
      case EARLIEST ->
          new Decision.LookUp(belowStart ? OffsetSpec.earliest() : OffsetSpec.latest());
      case LATEST -> new Decision.LookUp(OffsetSpec.latest());
      case FAIL -> new Decision.Fail();
    };
  }

  /** Another topic has taken the name: offsets of the old one mean nothing, its records are new. */
  static Decision replaced(StartAt start, Optional<OffsetReset> policy) {
    OffsetReset unset = start.sought() ? OffsetReset.FAIL : OffsetReset.LATEST;
    return policy.orElse(unset) == OffsetReset.FAIL
        ? new Decision.Fail()
        : new Decision.LookUp(OffsetSpec.earliest());
  }
}
