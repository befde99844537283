package io.millrace.server.broker;

import static io.millrace.server.broker.RealBroker.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.TopicInfo;
import java.nio.file.Path;
import java.util.Map;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RealBrokerTest {
  private static TestingServer zooKeeper;

  @TempDir Path root;

  @BeforeAll
  static void startZooKeeper() throws Exception {
    zooKeeper = new TestingServer();
  }

  @AfterAll
  static void stopZooKeeper() throws Exception {
    zooKeeper.close();
  }

  @Test
  void takesAProduceAndServesAFetch() {
    try (RealBroker broker =
        new RealBroker(zooKeeper.getConnectString(), root.resolve("data"), Map.of())) {
      StartOutcome.Ready ready = broker.ready();
      TestClient client = broker.client(ready.client());
      TopicInfo topic = RealBroker.create(client, "notes", 1, Map.of());
      ProduceResult produced =
          TestClient.good(
                  await(
                      client.produce(
                          topic.getTopicId(),
                          0,
                          Durability.DURABILITY_UNSPECIFIED,
                          Batches.batch(1_000, "a", "b"))))
              .response()
              .getProduce()
              .getResults(0);
      assertThat(produced.getReached()).isEqualTo(Durability.STANDARD);
      assertThat(produced.getFlushed()).isTrue();
      TestClient.Answer fetched =
          TestClient.good(await(client.fetch(topic.getTopicId(), 0, 0, 1_000)));
      assertThat(fetched.records()).containsExactly("0:a", "1:b");
      assertThat(broker.stop()).isTrue();
    }
  }
}
