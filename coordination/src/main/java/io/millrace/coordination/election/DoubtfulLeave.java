package io.millrace.coordination.election;

import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.RollCallEntry;
import io.millrace.rpc.SafetyRule;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a replica that may have lost its page cache, or whose log is damaged, leaves the sets that
 * say it holds everything. A pure function. This is the only removal that a replica writes for
 * itself.
 */
final class DoubtfulLeave {
  private DoubtfulLeave() {}

  /**
   * @return what to write, but for when; null when there is nothing to leave
   */
  static @Nullable PartitionNode plan(
      PartitionNode partition, int self, LogPosition position, Loss loss) {
    boolean isLost = loss == Loss.ALL || loss == Loss.LOG;
    boolean hasLostFlushed = !isLost && hasLostFlushed(partition, self, position, loss);
    boolean isMember =
        partition.getInSyncList().contains(self) || partition.getEligibleList().contains(self);
    RollCallEntry.Builder left =
        RollCallEntry.newBuilder()
            .setBroker(self)
            .setLastEpoch(isLost ? 0 : position.lastEpoch())
            .setLogEnd(isLost ? 0 : position.logEnd())
            .setLost(isLost);
    if (hasLostFlushed) {
      left.setLostFlushed(true); // else absent, as brokers before this one write it
    }
    RollCallEntry entry = left.build();
    boolean isBelieved = !isLost && !hasLostFlushed;
    if (!isMember || hasLeft(partition, entry, isBelieved)) {
      return null;
    }
    List<Integer> inSync = without(partition.getInSyncList(), self);
    List<Integer> eligible = without(partition.getEligibleList(), self);
    if (SafetyRule.R7.isLeftOut() && inSync.isEmpty() && eligible.isEmpty()) {
      return null;
    }
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
            .clearRollCall();
    boolean isOwnWord = partition.getInSyncList().equals(List.of(self));
    if (!isSame || (isOwnWord && !isBelieved)) {
      Vouching.end(next);
    }
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
        .setWhy(
            switch (loss) {
              case UNFLUSHED, FLUSHED ->
                  hasLostFlushed
                      ? "left in doubt after a power loss, and has less than it had flushed"
                      : "left in doubt after a power loss";
              case SINCE_A_COPY -> "left in doubt, its data directory is an old copy";
              case ALL -> "left, its data directory is lost";
              case LOG -> "left, its log is damaged";
            });
    return next.build();
  }

  /**
   * What an earlier life has said of itself stays true until the replica is a member again, or
   * leads: that life's recovery has cut what would show it.
   */
  private static boolean hasLostFlushed(
      PartitionNode partition, int self, LogPosition position, Loss loss) {
    boolean hasSaidSo =
        partition.getRollCallList().stream()
            .anyMatch(entry -> entry.getBroker() == self && entry.getLostFlushed());
    return loss != Loss.UNFLUSHED || hasSaidSo || Vouching.isBroken(partition, self, position);
  }

  /** As the last member, in an earlier try. */
  private static boolean hasLeft(PartitionNode partition, RollCallEntry entry, boolean isBelieved) {
    return partition.getInSyncList().equals(List.of(entry.getBroker()))
        && partition.getEligibleCount() == 0
        && partition.getRollCallList().contains(entry)
        && !(partition.hasLeader() && partition.getLeader() == entry.getBroker())
        && (isBelieved || !partition.getSoleFlushed());
  }

  private static List<Integer> without(List<Integer> set, int broker) {
    List<Integer> others = new ArrayList<>(set);
    others.remove((Integer) broker);
    return others;
  }
}
