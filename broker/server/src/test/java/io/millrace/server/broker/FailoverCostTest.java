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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a failover costs ZooKeeper: the versions of partition nodes count the writes. */
class FailoverCostTest {
  /** A failover of 999 was counted by hand with -Dmillrace.failover.partitions=999: 999 writes. */
  private static final int PARTITIONS = Integer.getInteger("millrace.failover.partitions", 300);

  private final SimulatedCluster cluster = new SimulatedCluster(2311);
  private final List<SimulatedCluster.Machine> machines = new ArrayList<>();
  private TestClient client;
  private String topicId;

  @Test
  @DisplayName("issue 4: one write for each partition that was led, one for each that was followed")
  void aFailoverWritesEachPartitionOfTheDeadBrokerOnce() {
    long ledBefore = ledByThree();
    long before = versions();

    machines.get(2).kill();
    awaitNobodyCountsOnThree();
    cluster.scheduler.runFor(2 * SimulatedCluster.SECOND);

    // An election takes the dead leader out of the in-sync set in the same write.
    long writes = versions() - before;
    assertThat(ledBefore).isEqualTo(PARTITIONS / 3);
    assertThat(writes).isEqualTo(PARTITIONS);
  }

  @Test
  @DisplayName("issue 4: one write names the next leader and takes the one that stops out")
  void aControlledStopWritesEachPartitionOnce() {
    long ledBefore = ledByThree();
    long before = versions();

    assertThat(cluster.await(machines.get(2).beginStop())).isTrue();
    awaitNobodyCountsOnThree();
    cluster.scheduler.runFor(2 * SimulatedCluster.SECOND);

    assertThat(ledBefore).isEqualTo(PARTITIONS / 3);
    assertThat(versions() - before).isEqualTo(PARTITIONS);
  }

  @Test
  @DisplayName(
      "issue 6: its return writes each set that it joins, and each leadership that it gets")
  void aReturnWritesEachSetAndEachPreferredLeadershipOnce() {
    long ledBefore = ledByThree();
    machines.get(2).kill();
    awaitNobodyCountsOnThree();
    cluster.scheduler.runFor(2 * SimulatedCluster.SECOND);
    long before = versions();

    machines.get(2).start();
    cluster.await("leads what it led", () -> ledByThree() == ledBefore);
    cluster.scheduler.runFor(12 * SimulatedCluster.SECOND);

    assertThat(versions() - before).isEqualTo(PARTITIONS + ledBefore);
  }

  @BeforeEach
  void startWithManyPartitions() {
    for (int id = 1; id <= 3; id++) {
      machines.add(cluster.machine(id));
    }
    client = cluster.client(machines.get(0).start().client());
    machines.get(1).start();
    machines.get(2).start();
    topicId =
        TestClient.good(cluster.await(client.createTopic("many", PARTITIONS, Map.of())))
            .response()
            .getCreateTopic()
            .getTopic()
            .getTopicId();
    cluster.scheduler.runFor(3 * SimulatedCluster.SECOND);
  }

  private long ledByThree() {
    return describe().stream().filter(it -> it.getLeader() == 3).count();
  }

  private void awaitNobodyCountsOnThree() {
    cluster.await(
        "all are led, and nobody waits for the one that is gone",
        () ->
            describe().stream()
                .allMatch(
                    it ->
                        it.hasLeader() && it.getLeader() != 3 && !it.getInSyncList().contains(3)));
  }

  private List<PartitionInfo> describe() {
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

  private long versions() {
    long sum = 0;
    for (int partition = 0; partition < PARTITIONS; partition++) {
      String path = ZnodePaths.partition(topicId, partition);
      ReadOutcome<Node> read = cluster.byHand(store -> store.read(path));
      sum += ((ReadOutcome.Found<Node>) read).value().version();
    }
    return sum;
  }
}
