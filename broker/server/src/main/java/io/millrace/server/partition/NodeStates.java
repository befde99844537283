package io.millrace.server.partition;

import io.millrace.server.replica.PartitionState;
import io.millrace.wire.v1.PartitionNodeState;
import java.util.List;
import java.util.Optional;

/** What one replica tells another of the partition's node, on the wire. */
public final class NodeStates {
  private NodeStates() {}

  public static PartitionNodeState encode(PartitionState state) {
    return PartitionNodeState.newBuilder()
        .setVersion(state.version())
        .addAllReplicas(state.replicas())
        .setLeader(state.leader())
        .setLeaderIncarnation(state.leaderIncarnation())
        .setLeaderEpoch(state.leaderEpoch())
        .addAllInSync(state.inSync())
        .addAllEligible(state.eligible())
        .setSoleFlushed(state.soleFlushed())
        .build();
  }

  /** Empty when no node can say that. */
  public static Optional<PartitionState> decode(PartitionNodeState told) {
    List<Integer> replicas = told.getReplicasList();
    boolean isSound =
        told.getVersion() >= 0
            && told.getLeaderEpoch() >= 0
            && replicas.contains(told.getLeader())
            && told.getInSyncList().contains(told.getLeader())
            && replicas.containsAll(told.getInSyncList())
            && replicas.containsAll(told.getEligibleList());
    return isSound
        ? Optional.of(
            new PartitionState(
                told.getVersion(),
                replicas,
                told.getLeader(),
                told.getLeaderIncarnation(),
                told.getLeaderEpoch(),
                told.getInSyncList(),
                told.getEligibleList(),
                told.getSoleFlushed()))
        : Optional.empty();
  }
}
