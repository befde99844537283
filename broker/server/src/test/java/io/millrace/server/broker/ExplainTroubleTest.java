package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.Finding;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.TopicInfo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a person is told of a partition whose brokers lack something. */
class ExplainTroubleTest {
  private final ThreeBrokers brokers = new ThreeBrokers(16);

  @AfterEach
  void nothingWasThrown() {
    brokers.assertNothingWasThrown();
  }

  private List<String> reasons(int broker) {
    return brokers.explain(broker, "notes", 0).stream().map(Finding::getReason).toList();
  }

  private ProduceResult produceAt(int broker, TopicInfo topic) {
    return brokers.produceAt(broker, topic.getTopicId(), 0, Batches.single("x".repeat(1_000)));
  }

  @Test
  @DisplayName("F16: a leader with a full disk says so, and that it is over")
  void f16_aFullDiskOfTheLeader() {
    TopicInfo topic = brokers.started().create("notes", 1, Map.of());
    int leader = brokers.leader("notes", 0);
    brokers.machine(leader).disk.limitBytes(0);
    assertThat(produceAt(leader, topic).getError().getMessage()).contains("disk is full");
    assertThat(reasons(leader)).contains("disk-full", "led");
    assertThat(brokers.explainBroker(leader)).extracting(Finding::getReason).contains("disk-full");

    brokers.machine(leader).disk.limitBytes(Long.MAX_VALUE);
    assertThat(produceAt(leader, topic).hasError()).isFalse();
    brokers.cluster.scheduler.runFor(20 * SECOND);
    assertThat(reasons(leader)).doesNotContain("disk-full");
  }

  @Test
  @DisplayName("F16: a follower with a full disk says why it does not copy")
  void f16_aFullDiskOfAFollower() {
    TopicInfo topic = brokers.started().create("notes", 1, Map.of());
    int leader = brokers.leader("notes", 0);
    int follower = brokers.othersThan(leader).get(0);
    brokers.machine(follower).disk.limitBytes(0);
    ProduceResult sent =
        brokers.produceAt(
            leader, topic.getTopicId(), 0, Durability.LEADER, Batches.single("x".repeat(1_000)));
    assertThat(sent.hasError()).isFalse();
    brokers.cluster.scheduler.runFor(3 * SECOND);
    assertThat(reasons(follower)).contains("not-copying", "disk-full");
    assertThat(brokers.explain(follower, "notes", 0))
        .filteredOn(finding -> finding.getReason().equals("not-copying"))
        .singleElement()
        .satisfies(finding -> assertThat(finding.getText()).contains("disk is full"));

    brokers.machine(follower).disk.limitBytes(Long.MAX_VALUE);
    brokers.cluster.scheduler.runFor(20 * SECOND);
    assertThat(reasons(follower)).containsExactly("led", "in-sync", "following");
  }

  @Test
  void withoutZooKeeperAPartitionSaysThatNothingCanChange() {
    brokers.started().create("notes", 1, Map.of());
    brokers.cluster.ensemble.stop();
    brokers.cluster.scheduler.runFor(2 * SECOND);
    for (int id = 1; id <= 3; id++) {
      assertThat(reasons(id)).contains("no-zookeeper", "led");
    }
    brokers.cluster.ensemble.restart();
    brokers.cluster.scheduler.runFor(20 * SECOND);
    assertThat(reasons(brokers.leader("notes", 0))).containsExactly("led", "in-sync");
  }
}
