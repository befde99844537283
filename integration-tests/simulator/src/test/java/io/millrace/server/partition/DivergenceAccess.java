package io.millrace.server.partition;

import io.millrace.storage.log.EpochEnd;
import org.jspecify.annotations.Nullable;

/** Opens the leader's comparison of logs to the search of states. */
public final class DivergenceAccess {
  /** Where a follower's log and the leader's part. */
  public record Parting(int epoch, long endOffset) {}

  private DivergenceAccess() {}

  /**
   * @param endEpoch and {@code endOffset}: the leader's largest epoch that is not above {@code
   *     lastEpoch}, and where it ends; -1 for none
   * @return null when they do not
   */
  public static @Nullable Parting check(long offset, int lastEpoch, int endEpoch, long endOffset) {
    return DivergenceRules.checkReplica(offset, lastEpoch, new EpochEnd(endEpoch, endOffset), 0)
        .map(divergence -> new Parting(divergence.epoch(), divergence.endOffset()))
        .orElse(null);
  }
}
