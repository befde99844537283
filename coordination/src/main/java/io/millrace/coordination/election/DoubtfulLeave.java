package io.millrace.coordination.election;

import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.RollCallEntry;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a replica that may have lost its page cache leaves the sets that say it holds everything. A
 * pure function. This is the only removal that a replica writes for itself.
 */
final class DoubtfulLeave {
  private DoubtfulLeave() {}

  /**
   * @param isLost its data directory is gone altogether
   * @return what to write, but for when; null when there is nothing to leave
   */
  static @Nullable PartitionNode plan(
      PartitionNode partition, int self, LogPosition position, boolean isLost) {
    boolean isMember =
        partition.getInSyncList().contains(self) || partition.getEligibleList().contains(self);
    RollCallEntry entry =
        RollCallEntry.newBuilder()
            .setBroker(self)
            .setLastEpoch(isLost ? 0 : position.lastEpoch())
            .setLogEnd(isLost ? 0 : position.logEnd())
            .setLost(isLost)
            .build();
    if (!isMember || hasLeft(partition, entry)) {
      return null;
    }
    List<Integer> inSync = without(partition.getInSyncList(), self);
    List<Integer> eligible = without(partition.getEligibleList(), self);
    if (inSync.isEmpty()) {
      // The set never becomes empty: those eligible hold all that is committed; with none, the last
      // member stays recorded, and may lead only if what it holds is vouched for.
      inSync = eligible.isEmpty() ? List.of(self) : eligible;
      eligible = List.of();
    }
    boolean isSame = inSync.equals(partition.getInSyncList());
    PartitionNode.Builder next =
        partition.toBuilder()
            .clearInSync()
            .addAllInSync(inSync)
            .clearEligible()
            .addAllEligible(eligible)
            .setSoleFlushed(isSame && partition.getSoleFlushed() && !isLost)
            .clearRollCall();
    partition.getRollCallList().stream()
        .filter(other -> other.getBroker() != self)
        .forEach(next::addRollCall);
    next.addRollCall(entry);
    if (partition.hasLeader() && partition.getLeader() == self) {
      next.clearLeader().setLeaderIncarnation(0);
    }
    next.getLastChangeBuilder()
        .setBroker(self)
        .setAt("")
        .setWhy(isLost ? "left, its data directory is lost" : "left in doubt after a power loss");
    return next.build();
  }

  /** As the last member, in an earlier try. */
  private static boolean hasLeft(PartitionNode partition, RollCallEntry entry) {
    return partition.getInSyncList().equals(List.of(entry.getBroker()))
        && partition.getEligibleCount() == 0
        && partition.getRollCallList().contains(entry)
        && !(partition.hasLeader() && partition.getLeader() == entry.getBroker())
        && !(entry.getLost() && partition.getSoleFlushed());
  }

  private static List<Integer> without(List<Integer> set, int broker) {
    List<Integer> others = new ArrayList<>(set);
    others.remove((Integer) broker);
    return others;
  }
}
