package io.millrace.simulator.explore;

import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.RollCallEntry;
import io.millrace.coordination.v1.VouchedEnd;
import io.millrace.server.replica.PartitionState;
import io.millrace.server.replica.SetsChange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The product's ways to say a {@link Znode}, remembered: there are few of them. */
final class Znodes {
  private final Map<Znode, PartitionNode> nodes = new HashMap<>();
  private final Map<Znode, PartitionState> states = new HashMap<>();

  PartitionNode node(Znode z) {
    return nodes.computeIfAbsent(z, Znodes::toNode);
  }

  PartitionState state(Znode z) {
    return states.computeIfAbsent(z, Znodes::toState);
  }

  private static PartitionNode toNode(Znode z) {
    PartitionNode.Builder node =
        PartitionNode.newBuilder()
            .setVersion(1)
            .addAllReplicas(list((1 << Cluster.REPLICAS) - 1))
            .setLeaderIncarnation(z.leaderIncarnation())
            .setLeaderEpoch(z.epoch())
            .addAllInSync(list(z.inSync()))
            .addAllEligible(list(z.eligible()))
            .setSoleFlushed(z.soleFlushed());
    if (z.leader() != Znode.NOBODY) {
      node.setLeader(z.leader() + 1);
    }
    if (z.hasVouched()) {
      node.setVouched(
          VouchedEnd.newBuilder().setLastEpoch(z.vouchedEpoch()).setLogEnd(z.vouchedEnd()));
    }
    for (int i = 0; i < Cluster.REPLICAS; i++) {
      if (z.isOnRollCall(i)) {
        RollCallEntry.Builder entry =
            RollCallEntry.newBuilder()
                .setBroker(i + 1)
                .setLastEpoch(z.lastEpochOnRollCall(i))
                .setLogEnd(z.logEndOnRollCall(i))
                .setLost(z.isLostOnRollCall(i));
        if (z.hasLostFlushedOnRollCall(i)) {
          entry.setLostFlushed(true); // absent otherwise, which is not the same
        }
        node.addRollCall(entry);
      }
    }
    return node.build();
  }

  private static PartitionState toState(Znode z) {
    return new PartitionState(
        z.version(),
        list((1 << Cluster.REPLICAS) - 1),
        z.leader() == Znode.NOBODY ? PartitionState.NOBODY : z.leader() + 1,
        z.leaderIncarnation(),
        z.epoch(),
        list(z.inSync()),
        list(z.eligible()),
        z.soleFlushed());
  }

  /** What a candidate or a leaving replica writes. */
  static Znode of(PartitionNode node, int version) {
    int roll = 0;
    for (RollCallEntry entry : node.getRollCallList()) {
      roll |=
          Znode.rollEntry(
              entry.getBroker() - 1,
              entry.getLastEpoch(),
              (int) entry.getLogEnd(),
              entry.getLost(),
              entry.getLostFlushed());
    }
    return new Znode(
        version,
        node.hasLeader() ? node.getLeader() - 1 : Znode.NOBODY,
        node.getLeaderIncarnation(),
        node.getLeaderEpoch(),
        mask(node.getInSyncList()),
        mask(node.getEligibleList()),
        node.getSoleFlushed(),
        node.hasVouched()
            ? Znode.vouched(node.getVouched().getLastEpoch(), (int) node.getVouched().getLogEnd())
            : 0,
        roll,
        node.hasPossibleLoss() && node.getPossibleLoss().getLeaderEpoch() == node.getLeaderEpoch());
  }

  /**
   * What a leader writes; who is a member again has no entry in the roll call any more.
   *
   * @param flushed how far the leader's log is on its disk, as a vouched end
   */
  static Znode of(Znode now, SetsChange change, int flushed) {
    int inSync = mask(change.inSync());
    int eligible = mask(change.eligible());
    int roll = 0;
    for (int i = 0; i < Cluster.REPLICAS; i++) {
      if (now.isOnRollCall(i) && !Znode.has(inSync | eligible, i)) {
        roll |= now.rollEntryAlone(i);
      }
    }
    return new Znode(
        now.version() + 1,
        now.leader(),
        now.leaderIncarnation(),
        now.epoch(),
        inSync,
        eligible,
        change.soleFlushed(),
        change.soleFlushed() ? flushed : 0,
        roll,
        now.mayHaveLost());
  }

  static List<Integer> list(int set) {
    List<Integer> brokers = new ArrayList<>();
    for (int i = 0; i < Cluster.REPLICAS; i++) {
      if (Znode.has(set, i)) {
        brokers.add(i + 1);
      }
    }
    return List.copyOf(brokers);
  }

  static int mask(List<Integer> brokers) {
    int set = 0;
    for (int broker : brokers) {
      set |= 1 << (broker - 1);
    }
    return set;
  }
}
