package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.TopicInfo;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Data directories that are not what the cluster remembers: F21, F22, B64, B88. */
class OldDirectoryTest {
  private final SimulatedCluster cluster = new SimulatedCluster(23);
  private final SimulatedCluster.Machine machine = cluster.machine(1);

  private TopicInfo topicWith(TestClient client, String... values) {
    TopicInfo topic = cluster.create(client, "orders", 1, Map.of());
    for (String value : values) {
      produce(client, topic, value);
    }
    return topic;
  }

  private void produce(TestClient client, TopicInfo topic, String value) {
    assertThat(
            cluster
                .await(
                    client.produce(
                        topic.getTopicId(), 0, Durability.STANDARD, Batches.single(value)))
                .response()
                .getProduce()
                .getResults(0)
                .hasError())
        .isFalse();
  }

  private PartitionInfo partition(TestClient client) {
    return cluster
        .await(client.metadata("orders"))
        .response()
        .getMetadata()
        .getTopics(0)
        .getPartitions(0);
  }

  @Test
  @DisplayName(
      "B88, F22: an old copy of the disk counts as doubtful, though it was stopped cleanly")
  void b88_anOldCopyIsDoubtful() {
    TestClient client = cluster.client(machine.start().client());
    TopicInfo topic = topicWith(client, "a");
    machine.stop();
    MemoryDisk image = machine.disk.copy(5);
    client = cluster.client(machine.start().client());
    cluster.awaitLed(client, topic.getTopicId(), 0);
    produce(client, topic, "b");
    machine.stop();

    machine.disk.restore(image);
    client = cluster.client(machine.start().client());

    cluster.awaitLed(client, topic.getTopicId(), 0);
    assertThat(partition(client).getLastChange()).contains("roll call");
    assertThat(cluster.await(client.fetch(topic.getTopicId(), 0, 0, 0)).records())
        .containsExactly("0:a");
  }

  @Test
  @DisplayName(
      "B64: a wiped directory under an id that has been used is refused, saying what to do")
  void b64_aWipedDirectoryIsRefusedUnlessItIsMeant() {
    TestClient client = cluster.client(machine.start().client());
    topicWith(client, "a");
    machine.stop();
    machine.wipe();

    StartOutcome refused = cluster.await(machine.begin());

    assertThat(refused).isInstanceOf(StartOutcome.Failed.class);
    assertThat(((StartOutcome.Failed) refused).failure().kind())
        .isEqualTo(Failure.Kind.NOT_A_MEMBER);
    assertThat(((StartOutcome.Failed) refused).failure().message())
        .contains("data directory", "data.directory.new=true", "an id of its own");
    machine.leaveNetwork();

    machine.settings.put("data.directory.new", "true");
    client = cluster.client(machine.start().client());
    assertThat(partition(client).hasLeader()).as("nobody has its records").isFalse();
    // The broker is of use for what is new.
    TopicInfo fresh = cluster.create(client, "fresh", 1, Map.of());
    produce(client, fresh, "x");
  }
}
