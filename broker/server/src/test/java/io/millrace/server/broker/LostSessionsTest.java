package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.TopicInfo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Three brokers that lose ZooKeeper, or what ZooKeeper holds of them. */
class LostSessionsTest {
  private static final List<Integer> ALL = List.of(1, 2, 3);

  private final ThreeBrokers brokers = new ThreeBrokers(418);

  @AfterEach
  void nothingWasThrown() {
    brokers.assertNothingWasThrown();
  }

  @Test
  @DisplayName("4.18: all sessions end at once: all register anew, nothing is lost, all in sync")
  void allSessionsEndAtOnce() {
    TopicInfo topic = brokers.started().create("notes", 2, Map.of());
    brokers.produce(topic, 0, Batches.single("a"));
    brokers.produce(topic, 1, Batches.single("a"));
    int epoch = brokers.describe("notes", 0).getLeaderEpoch();

    ALL.forEach(id -> brokers.cluster.ensemble.expire(brokers.machine(id).store()));
    brokers.cluster.scheduler.runFor(SECOND / 100);

    for (int partition = 0; partition < 2; partition++) {
      assertThat(brokers.produce(topic, partition, Batches.single("b")).hasError()).isFalse();
      brokers.awaitInSync("notes", partition, 3);
      assertThat(brokers.records(topic, partition)).containsExactly("0:a", "1:b");
    }
    assertThat(brokers.describe("notes", 0).getLeaderEpoch()).isGreaterThan(epoch);
  }

  @Test
  @DisplayName(
      "coordination.md: without ZooKeeper standard goes on; level leader ends with the session's"
          + " time, and comes back")
  void theLeasePermitsLevelLeaderOnlySoLong() {
    TopicInfo topic = brokers.started().create("notes", 1, Map.of());
    TopicInfo alone = brokers.createUnreplicated("alone");
    int leader = brokers.leader("notes", 0);
    int other = brokers.leader("alone", 0);
    brokers.cluster.ensemble.stop();

    brokers.cluster.scheduler.runFor(SECOND);
    assertThat(at(leader, topic, Durability.LEADER).hasError()).isFalse();

    brokers.cluster.scheduler.runFor(20 * SECOND);
    ProduceResult standard = at(leader, topic, Durability.STANDARD);
    assertThat(standard.getReplicas()).as(standard.toString()).isEqualTo(3);
    assertThat(at(leader, topic, Durability.SYNCED).getFlushed()).isTrue();
    ProduceResult refused = at(leader, topic, Durability.LEADER);
    assertThat(refused.getError().getMessage()).contains("no contact");
    // Nobody else could lead it.
    assertThat(at(other, alone, Durability.LEADER).hasError()).isFalse();

    brokers.cluster.ensemble.restart();
    brokers.cluster.scheduler.runFor(10 * SECOND);
    assertThat(at(brokers.leader("notes", 0), topic, Durability.LEADER).hasError()).isFalse();
    assertThat(brokers.records(topic, 0)).hasSize(4);
  }

  private ProduceResult at(int broker, TopicInfo topic, Durability level) {
    return brokers.produceAt(broker, topic.getTopicId(), 0, level, Batches.single("x"));
  }
}
