package io.millrace.server.partition;

import io.millrace.wire.v1.ErrorCode;

/** What a consumer gets at an offset; section 4.8 of the semantics. */
final class FetchRules {
  private FetchRules() {}

  /** What to do about one partition of a fetch. */
  sealed interface Decision {
    /** There are records from here on. */
    record Read() implements Decision {}

    /** Nothing to see yet: wait, then answer empty. */
    record Wait() implements Decision {}

    record Refuse(Refusal refusal) implements Decision {}
  }

  /**
   * @param start first retained offset
   * @param visibleEnd consumers see what is below
   * @param logEnd next offset to be written
   */
  static Decision decide(long offset, long start, long visibleEnd, long logEnd) {
    if (offset < start || offset > logEnd) {
      return new Decision.Refuse(
          new Refusal(
              ErrorCode.OFFSET_OUT_OF_RANGE,
              "offset " + offset + " is outside of " + start + " to " + visibleEnd));
    }
    // Between visible end and log end: appended, and about to be visible. Not out of range, or
    // a consumer that read it from an earlier leader would jump.
    return offset < visibleEnd ? new Decision.Read() : new Decision.Wait();
  }
}
