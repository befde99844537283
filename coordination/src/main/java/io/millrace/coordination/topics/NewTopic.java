package io.millrace.coordination.topics;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.StoreLimits;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.v1.LastChange;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.TopicNode;
import io.millrace.coordination.v1.TopicState;
import io.millrace.coordination.view.BrokerImage;
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

  /** Bounds how long one transaction keeps ZooKeeper's other writers waiting. */
  private static final int MAX_STEPS = 2_000;

  /**
   * In the order in which they must be applied. The topic's own node comes with the last, so that a
   * topic that is half made is not there; that last one fails if somebody has cleared the half-made
   * rest away, whose version would then not be 0.
   */
  List<List<StoreOp>> transactions(Map<Integer, BrokerImage> brokers, LastChange change) {
    List<List<StoreOp>> transactions = new ArrayList<>();
    List<StoreOp> open = new ArrayList<>();
    String parent = ZnodePaths.partitions(topicId);
    StoreOp topic = create(ZnodePaths.topic(name), ZnodeJson.TOPIC.write(topicNode()));
    int reserved = StoreLimits.sizeBytes(topic) + StoreLimits.OP_OVERHEAD_BYTES + parent.length();
    open.add(create(parent, ByteString.EMPTY));
    int size = reserved + StoreLimits.sizeBytes(open.get(0));
    for (int partition = 0; partition < replicas.size(); partition++) {
      StoreOp next =
          create(
              ZnodePaths.partition(topicId, partition),
              ZnodeJson.PARTITION.write(partitionNode(replicas.get(partition), brokers, change)));
      size += StoreLimits.sizeBytes(next);
      if (size > StoreLimits.MAX_TRANSACTION_BYTES || open.size() == MAX_STEPS) {
        transactions.add(open);
        open = new ArrayList<>();
        open.add(new StoreOp.Check(parent, 0));
        size = reserved + StoreLimits.sizeBytes(next);
      }
      open.add(next);
    }
    open.add(topic);
    transactions.add(open);
    return transactions;
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
  private static PartitionNode partitionNode(
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
