package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.wire.v1.DescribeTopicsRequest;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.TopicInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a failover costs ZooKeeper: the versions of partition nodes count the writes. */
class FailoverCostTest {
  /** A failover of 999 was counted by hand with -Dmillrace.failover.partitions=999: 999 writes. */
  private static final int PARTITIONS = Integer.getInteger("millrace.failover.partitions", 300);

  private final SimulatedCluster cluster = new SimulatedCluster(2311);

  @Test
  @DisplayName("issue 4: one write for each partition that was led, one for each that was followed")
  void aFailoverWritesEachPartitionOfTheDeadBrokerOnce() {
    List<SimulatedCluster.Machine> machines = new ArrayList<>();
    for (int id = 1; id <= 3; id++) {
      machines.add(cluster.machine(id));
    }
    TestClient client = cluster.client(machines.get(0).start().client());
    machines.get(1).start();
    machines.get(2).start();
    String topicId =
        TestClient.good(cluster.await(client.createTopic("many", PARTITIONS, Map.of())))
            .response()
            .getCreateTopic()
            .getTopic()
            .getTopicId();
    cluster.scheduler.runFor(3 * SimulatedCluster.SECOND);
    long ledBefore = describe(client).stream().filter(it -> it.getLeader() == 3).count();
    long before = versions(topicId);

    machines.get(2).kill();
    cluster.await(
        "all are led, and nobody waits for the dead one",
        () ->
            describe(client).stream()
                .allMatch(
                    it ->
                        it.hasLeader() && it.getLeader() != 3 && !it.getInSyncList().contains(3)));
    cluster.scheduler.runFor(2 * SimulatedCluster.SECOND);

    // An election takes the dead leader out of the in-sync set in the same write.
    long writes = versions(topicId) - before;
    assertThat(ledBefore).isEqualTo(PARTITIONS / 3);
    assertThat(writes).isEqualTo(PARTITIONS);
  }

  private List<PartitionInfo> describe(TestClient client) {
    TopicInfo topic =
        TestClient.good(
                cluster.await(
                    client.send(
                        Request.newBuilder()
                            .setDescribeTopics(
                                DescribeTopicsRequest.newBuilder().addNames("many")))))
            .response()
            .getDescribeTopics()
            .getTopics(0);
    cluster.scheduler.runFor(SimulatedCluster.SECOND / 50);
    return topic.getPartitionsList();
  }

  private long versions(String topicId) {
    long sum = 0;
    for (int partition = 0; partition < PARTITIONS; partition++) {
      String path = ZnodePaths.partition(topicId, partition);
      ReadOutcome<Node> read = cluster.byHand(store -> store.read(path));
      sum += ((ReadOutcome.Found<Node>) read).value().version();
    }
    return sum;
  }
}
