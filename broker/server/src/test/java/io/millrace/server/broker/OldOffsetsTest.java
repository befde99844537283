package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.DiskOperation;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.TopicInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("a consumer on an old offset gets what the disk has, and holds nobody up")
class OldOffsetsTest {
  private final SimulatedCluster cluster = new SimulatedCluster(7);
  private final SimulatedCluster.Machine machine = cluster.machine(1);
  private @Nullable TestClient client;
  private TopicInfo topic = TopicInfo.getDefaultInstance();

  /** A broker that has restarted: what it keeps was written in another life. */
  private void restartedWith(int records) {
    TestClient writer = cluster.client(machine.start().client());
    topic = cluster.create(writer, "orders", 1, Map.of("segment.bytes", "65536"));
    for (int i = 0; i < records; i++) {
      assertThat(
              TestClient.good(
                      cluster.await(
                          writer.produce(
                              topic.getTopicId(),
                              0,
                              Durability.LEADER,
                              Batches.batch(1_793_491_200_000L + i, "v" + i))))
                  .response()
                  .getProduce()
                  .getResults(0)
                  .hasError())
          .isFalse();
    }
    assertThat(machine.stop()).isTrue();
    client = cluster.client(machine.start().client());
    cluster.awaitLed(reader(), topic.getTopicId(), 0);
  }

  private TestClient reader() {
    return java.util.Objects.requireNonNull(client);
  }

  private List<String> fetch(long offset, int waitMillis) {
    return TestClient.good(cluster.await(reader().fetch(topic.getTopicId(), 0, offset, waitMillis)))
        .records();
  }

  @Test
  void waitsForTheDiskAlsoWhenItsOwnTimeIsOver() {
    restartedWith(40);
    assertThat(fetch(17, 0)).isNotEmpty().first().isEqualTo("17:v17");
  }

  @Test
  void readsEverythingPieceByPiece() {
    restartedWith(300);
    List<String> all = new ArrayList<>();
    while (all.size() < 300) {
      List<String> some = fetch(all.size(), 500);
      assertThat(some).isNotEmpty();
      all.addAll(some);
    }
    for (int i = 0; i < 300; i++) {
      assertThat(all.get(i)).isEqualTo(i + ":v" + i);
    }
  }

  @Test
  @DisplayName(
      "b91: when the disk fails to give it, the partition goes offline and the broker lives")
  void b91_saysThatTheDiskHasFailed() {
    restartedWith(40);
    machine.disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.READ && path.toString().endsWith(".log")) {
            throw new IOException("Input/output error");
          }
        });
    ErrorCode code =
        TestClient.good(cluster.await(reader().fetch(topic.getTopicId(), 0, 3, 1_000)))
            .response()
            .getFetch()
            .getResults(0)
            .getError()
            .getCode();
    assertThat(code).isEqualTo(ErrorCode.STORAGE_FAILED);
    assertThat(machine.fatal).isEmpty();
    machine.disk.setFaults((operation, path) -> {});
    TopicInfo other = cluster.create(reader(), "others", 1, Map.of());
    assertThat(other.getTopicId()).startsWith("others");
  }
}
