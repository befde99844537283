package io.millrace.server.cluster;

import io.millrace.server.explain.Finding;
import io.millrace.server.explain.Reason;
import java.util.List;
import java.util.OptionalLong;

/** What a replica waits for, in the words of explanations. Pure; on the store's loop. */
final class ReplicaWaits {
  private ReplicaWaits() {}

  /**
   * @param leaderEpoch in the store; -1 when the partition's state is missing there
   * @param nowNanos and {@code nowMillis}: both clocks at the same time
   */
  static List<Finding> of(Replica replica, int leaderEpoch, long nowNanos, long nowMillis) {
    OptionalLong leaderlessSince =
        replica.leaderless
            ? OptionalLong.of(
                nowMillis - Math.max(0, nowNanos - replica.leaderlessSinceNanos) / 1_000_000)
            : OptionalLong.empty();
    if (replica.stage == Replica.Stage.OPENING) {
      return List.of(
          new Finding(
              Reason.CANNOT_LEAD, "its log is being opened and checked", OptionalLong.empty()));
    }
    if (replica.trouble.isEmpty()) {
      return List.of();
    }
    Reason reason = Reason.CANNOT_LEAD;
    if (replica.stage == Replica.Stage.OFFLINE) {
      reason = Reason.OFFLINE_LOG;
    } else if (replica.hasStoreGoneBack
        || (leaderEpoch >= 0 && leaderEpoch < replica.highestEpochSeen())) {
      reason = Reason.STORE_WENT_BACK;
    }
    return List.of(new Finding(reason, replica.trouble, leaderlessSince));
  }
}
