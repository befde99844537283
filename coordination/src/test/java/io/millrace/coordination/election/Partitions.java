package io.millrace.coordination.election;

import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.RollCallEntry;
import java.util.List;

/** Short words for partition states. */
final class Partitions {
  private Partitions() {}

  /** Replicas 1, 2, 3, all in sync; 1 leads in its incarnation 11, epoch 5. */
  static PartitionNode.Builder threeReplicas() {
    return PartitionNode.newBuilder()
        .setVersion(1)
        .addAllReplicas(List.of(1, 2, 3))
        .setLeader(1)
        .setLeaderIncarnation(11)
        .setLeaderEpoch(5)
        .addAllInSync(List.of(1, 2, 3));
  }

  /** One replica, as topics have it now. */
  static PartitionNode.Builder single() {
    return PartitionNode.newBuilder()
        .setVersion(1)
        .addReplicas(1)
        .setLeader(1)
        .setLeaderIncarnation(11)
        .setLeaderEpoch(5)
        .addInSync(1)
        .setSoleFlushed(true);
  }

  static PartitionNode.Builder inSync(PartitionNode.Builder node, Integer... ids) {
    return node.clearInSync().addAllInSync(List.of(ids));
  }

  static PartitionNode.Builder eligible(PartitionNode.Builder node, Integer... ids) {
    return node.clearEligible().addAllEligible(List.of(ids));
  }

  static RollCallEntry left(int broker, int lastEpoch, long logEnd) {
    return RollCallEntry.newBuilder()
        .setBroker(broker)
        .setLastEpoch(lastEpoch)
        .setLogEnd(logEnd)
        .build();
  }

  static RollCallEntry lost(int broker) {
    return RollCallEntry.newBuilder().setBroker(broker).setLost(true).build();
  }
}
