package io.millrace.server.broker;

import static io.millrace.server.broker.RealBroker.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.TopicInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole broker that finds one of its partitions damaged. */
class DamagedPartitionBadInputTest {
  @TempDir Path root;

  @Test
  void b84_afterACrashRefusesThePartitionWithAHoleAndServesTheOthers() throws Exception {
    Map<String, String> small = Map.of("segment.bytes", "65536");
    try (TestingServer zooKeeper = new TestingServer()) {
      String cluster = zooKeeper.getConnectString() + "/b84";
      TopicInfo damaged;
      TopicInfo sound;
      try (RealBroker broker = new RealBroker(cluster, root.resolve("data"), Map.of())) {
        TestClient client = broker.client(broker.ready().client());
        damaged = RealBroker.create(client, "damaged", 1, small);
        sound = RealBroker.create(client, "sound", 1, small);
        for (int i = 0; i < 4; i++) {
          produce(client, damaged, i);
          produce(client, sound, i);
        }
      }
      List<Path> segments = segments(damaged);
      assertThat(segments).hasSizeGreaterThan(2);
      Files.delete(segments.get(1));
      // As after a crash: a clean stop vouches for what it left, and nothing is looked at again.
      Files.delete(root.resolve("data/clean-shutdown"));

      try (RealBroker broker = new RealBroker(cluster, root.resolve("data"), Map.of())) {
        TestClient client = broker.client(broker.ready().client());
        RealBroker.awaitLed(client, sound.getTopicId(), 1);
        assertThat(fetch(client, sound).getHighWatermark()).isEqualTo(4);
        assertThat(produce(client, sound, 4).getBaseOffsets(0)).isEqualTo(4);

        FetchResult refused = fetch(client, damaged);
        assertThat(refused.getError().getCode()).isEqualTo(ErrorCode.STORAGE_FAILED);
        assertThat(refused.getError().getMessage()).contains(damaged.getTopicId()).contains("hole");
        assertThat(broker.fatal).isEmpty();
      }
      // Nothing of it was cut or thrown away: somebody may still bring the missing file back.
      assertThat(segments(damaged)).hasSize(segments.size() - 1);
    }
  }

  private List<Path> segments(TopicInfo topic) throws IOException {
    try (Stream<Path> files = Files.list(root.resolve("data/" + topic.getTopicId() + "-0"))) {
      return files.filter(file -> file.toString().endsWith(".log")).sorted().toList();
    }
  }

  /** As large as a segment, so that each has one of its own. */
  private static ProduceResult produce(TestClient client, TopicInfo topic, int number) {
    ProduceResult result =
        TestClient.good(
                await(
                    client.produce(
                        topic.getTopicId(),
                        0,
                        Durability.LEADER,
                        Batches.single(number + "x".repeat(60_000)))))
            .response()
            .getProduce()
            .getResults(0);
    assertThat(result.hasError()).as(result.getError().getMessage()).isFalse();
    return result;
  }

  private static FetchResult fetch(TestClient client, TopicInfo topic) {
    return TestClient.good(await(client.fetch(topic.getTopicId(), 0, 0, 1_000)))
        .response()
        .getFetch()
        .getResults(0);
  }
}
