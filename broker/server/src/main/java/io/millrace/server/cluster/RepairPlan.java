package io.millrace.server.cluster;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.rpc.SafetyRule;
import java.util.stream.Stream;

/**
 * What to do about a copy that was found damaged when it was opened. Pure.
 *
 * <p>It is copied anew from the leader, but not before it is out of every set that says it holds
 * what is committed: an empty copy in such a set could be elected. Where no other replica leads,
 * nothing is touched: the damaged copy may be the last one there is.
 *
 * <p>Being out of the sets is worth something only in an epoch in which this copy has fetched
 * nothing. In any other the leader goes by what it had, and may take it back by that at any time;
 * also a fetch of it may still be on its way there. In a later one nobody can: whatever changes the
 * sets then has to be told anew how far this replica has come.
 */
enum RepairPlan {
  /** Nobody to copy from, or not registered yet: a person, or the next picture, may help. */
  WAIT,
  /** Named as the leader, though others could lead: leave the sets, and they elect one of them. */
  RESIGN,
  /** Have the leader take this replica out of the in-sync set, and go on in the next epoch. */
  ASK_THE_LEADER,
  /** Leave the in-sync and eligible sets first. */
  LEAVE,
  /** Put what is left aside and begin with an empty log. */
  COPY_ANEW;

  /**
   * Whether a leader whose log has failed leaves, so that another replica can lead at once: only
   * where there is another one. The last member stays, since a restart may find its log whole.
   */
  static boolean mustResign(int self, int incarnation, PartitionImage partition) {
    return partition.leader().isPresent()
        && partition.leader().getAsInt() == self
        && partition.leaderIncarnation() == incarnation
        && Stream.concat(partition.inSync().stream(), partition.eligible().stream())
            .anyMatch(member -> member != self);
  }

  /**
   * @param incarnation of this broker's present registration, 0 without one
   * @param usedIn the highest epoch in which this copy may have led or been fetched for; -1 if none
   */
  static RepairPlan decide(
      int self, int incarnation, ClusterImage image, PartitionImage partition, int usedIn) {
    if (incarnation != 0 && mustResign(self, incarnation, partition)) {
      return RESIGN;
    }
    if (incarnation == 0 || !partition.replicas().contains(self) || partition.leader().isEmpty()) {
      return WAIT;
    }
    int leader = partition.leader().getAsInt();
    BrokerImage live = image.brokers().get(leader);
    boolean isLed =
        leader != self && live != null && live.incarnation() == partition.leaderIncarnation();
    if (!isLed) {
      return WAIT;
    }
    if (partition.leaderEpoch() <= usedIn && !SafetyRule.H16.isLeftOut()) {
      return ASK_THE_LEADER;
    }
    boolean isMember = partition.inSync().contains(self) || partition.eligible().contains(self);
    return isMember ? LEAVE : COPY_ANEW;
  }
}
