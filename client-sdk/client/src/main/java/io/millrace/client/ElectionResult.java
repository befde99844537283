package io.millrace.client;

import io.millrace.client.errors.MillraceException;
import java.util.OptionalInt;

/** What became of one partition in {@link Admin#electLeaders}. */
public sealed interface ElectionResult {
  /**
   * It has been dealt with.
   *
   * @param leader who leads now; absent: nobody
   * @param what was done, or why there was nothing to do; for people
   */
  record Settled(OptionalInt leader, int leaderEpoch, String what) implements ElectionResult {}

  /**
   * It could not be done.
   *
   * @param error {@link io.millrace.client.errors.OutcomeUnknownException} when it may have been
   */
  record Failed(MillraceException error) implements ElectionResult {}
}
