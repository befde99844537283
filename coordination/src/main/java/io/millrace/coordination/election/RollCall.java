package io.millrace.coordination.election;

import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.RollCallEntry;
import io.millrace.rpc.SafetyRule;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/** Who left in doubt, and whether that is everybody who counted. */
final class RollCall {
  private final PartitionNode partition;

  RollCall(PartitionNode partition) {
    this.partition = partition;
  }

  /**
   * The last member of all sets is in doubt itself, and nothing vouches for it. Until then those
   * who have not left decide, or are waited for.
   */
  boolean decides() {
    return !SafetyRule.H4.isLeftOut()
        && partition.getEligibleCount() == 0
        && partition.getInSyncCount() == 1
        && !partition.getSoleFlushed()
        && partition.getRollCallList().stream()
            .anyMatch(entry -> entry.getBroker() == partition.getInSync(0));
  }

  /**
   * The last member has lost what it had vouched for, or may have: others, who have left the sets
   * long ago and need not have said anything, may have more of it.
   */
  boolean asksAll() {
    return !SafetyRule.H18.isLeftOut()
        && partition.getReplicasCount() > 1
        && decides()
        && partition.getRollCallList().stream()
            .anyMatch(
                entry -> entry.getBroker() == partition.getInSync(0) && entry.getLostFlushed());
  }

  /** Null when nobody has anything left. */
  @Nullable RollCallEntry highest() {
    return partition.getRollCallList().stream()
        .filter(entry -> !entry.getLost())
        .max(
            Comparator.comparingInt(RollCallEntry::getLastEpoch)
                .thenComparingLong(RollCallEntry::getLogEnd)
                .thenComparing(
                    Comparator.comparingInt(
                            (RollCallEntry entry) ->
                                partition.getReplicasList().indexOf(entry.getBroker()))
                        .reversed()))
        .orElse(null);
  }
}
