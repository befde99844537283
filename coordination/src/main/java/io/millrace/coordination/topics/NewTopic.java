package io.millrace.coordination.topics;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.StoreLimits;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.v1.LastChange;
import io.millrace.coordination.v1.MakingState;
import io.millrace.coordination.v1.NameNode;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.PartitionsNode;
import io.millrace.coordination.v1.TopicNode;
import io.millrace.coordination.v1.TopicState;
import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.TopicNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A topic that has been decided on, as the nodes that will be written.
 *
 * @param replicas of each partition, in order of preference
 */
record NewTopic(
    String name,
    String topicId,
    int replicationFactor,
    Map<String, String> settings,
    List<List<Integer>> replicas) {
  /** Of a partition that has just been created; 0 is never an epoch anybody led in. */
  static final int FIRST_EPOCH = 1;

  /**
   * In the order in which they must be applied. The topic's own node comes with the last, so that a
   * topic that is half made is not there. When there are several, the parent says so until the
   * last, which fails if somebody has given the half-made up meanwhile.
   */
  List<List<StoreOp>> transactions(Map<Integer, BrokerImage> brokers, LastChange change) {
    String parent = ZnodePaths.partitions(topicId);
    StoreOp topic = create(ZnodePaths.topic(name), ZnodeJson.TOPIC.write(topicNode()));
    List<StoreOp> steps = new ArrayList<>();
    for (int partition = 0; partition < replicas.size(); partition++) {
      steps.add(
          create(
              ZnodePaths.partition(topicId, partition),
              ZnodeJson.PARTITION.write(partitionNode(replicas.get(partition), brokers, change))));
    }
    // So that the topic's own node and its parent's still fit into each.
    int reserved = StoreLimits.sizeBytes(topic) * 2 + 10 * StoreLimits.OP_OVERHEAD_BYTES;
    List<List<StoreOp>> parts = TransactionParts.of(steps, reserved);
    if (parts.size() == 1) {
      parts.get(0).add(0, create(parent, parent(MakingState.MADE)));
    } else {
      parts.get(0).add(0, create(parent, parent(MakingState.MAKING)));
      parts.get(parts.size() - 1).add(new StoreOp.Set(parent, parent(MakingState.MADE), 0));
    }
    parts.get(parts.size() - 1).add(topic);
    if (TopicNames.mayCollide(name)) {
      // In the same transaction: a check beforehand would let two creators at once through. B59
      parts.get(parts.size() - 1).add(create(guardPath(), ZnodeJson.NAME.write(nameNode())));
    }
    return parts;
  }

  String guardPath() {
    return ZnodePaths.name(TopicNames.collisionKey(name));
  }

  private NameNode nameNode() {
    return NameNode.newBuilder()
        .setVersion(ZnodeJson.VERSION)
        .setName(name)
        .setTopicId(topicId)
        .build();
  }

  private static ByteString parent(MakingState state) {
    return ZnodeJson.PARTITIONS.write(
        PartitionsNode.newBuilder().setVersion(ZnodeJson.VERSION).setState(state).build());
  }

  private static StoreOp create(String path, ByteString content) {
    return new StoreOp.Create(path, content, NodeKind.PERSISTENT);
  }

  private TopicNode topicNode() {
    return TopicNode.newBuilder()
        .setVersion(ZnodeJson.VERSION)
        .setTopicId(topicId)
        .setPartitions(replicas.size())
        .setReplicationFactor(replicationFactor)
        .putAllSettings(settings)
        .setState(TopicState.ACTIVE)
        .build();
  }

  /** All replicas are empty, so all are in sync, and the preferred one may lead at once. */
  static PartitionNode partitionNode(
      List<Integer> replicas, Map<Integer, BrokerImage> brokers, LastChange change) {
    PartitionNode.Builder node =
        PartitionNode.newBuilder()
            .setVersion(ZnodeJson.VERSION)
            .addAllReplicas(replicas)
            .setLeaderEpoch(FIRST_EPOCH)
            .addAllInSync(replicas)
            // An empty log is flushed to its end; a lone replica may lead again after a power loss.
            .setSoleFlushed(replicas.size() == 1)
            .setLastChange(change);
    BrokerImage first = brokers.get(replicas.get(0));
    if (first != null) {
      node.setLeader(first.id()).setLeaderIncarnation(first.incarnation());
    }
    return node.build();
  }
}
