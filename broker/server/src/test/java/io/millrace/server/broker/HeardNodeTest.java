package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.TopicInfo;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a partition's node says, told by the replica that has written it to those that fetch. */
class HeardNodeTest {
  private final ThreeBrokers brokers = new ThreeBrokers(4711).started();

  @AfterEach
  void nothingWasThrown() {
    brokers.assertNothingWasThrown();
  }

  @Test
  @DisplayName("a hand-over does not wait until others have read of it in ZooKeeper")
  void isGoneByBeforeItIsRead() {
    TopicInfo topic = brokers.create("notes", 1, Map.of("min.in.sync", "2"));
    assertThat(brokers.produce(topic, 0, Batches.single("before")).hasError()).isFalse();
    int first = brokers.leader("notes", 0);
    brokers.othersThan(first).forEach(id -> setLagging(id, true));

    CompletableFuture<Boolean> stopped = brokers.machine(first).beginStop();
    int next = awaitNextLeader(topic, first);

    brokers.othersThan(first).forEach(id -> setLagging(id, false));
    assertThat(brokers.cluster.await(stopped)).isTrue();
    brokers.down(first);
    assertThat(brokers.leader("notes", 0)).isEqualTo(next);
    assertThat(brokers.records(topic, 0)).containsExactly("0:before", "1:after");
  }

  /** Reads of ZooKeeper show what was, so it can only have heard it. */
  private int awaitNextLeader(TopicInfo topic, int first) {
    long deadline = brokers.cluster.scheduler.nanoTime() + SECOND / 5;
    while (brokers.cluster.scheduler.nanoTime() < deadline) {
      for (int id : brokers.othersThan(first)) {
        ProduceResult result =
            brokers.produceAt(id, topic.getTopicId(), 0, Batches.single("after"));
        if (!result.hasError()) {
          return id;
        }
      }
      brokers.cluster.scheduler.runFor(SECOND / 500);
    }
    throw new AssertionError("nobody has heard that it leads");
  }

  private void setLagging(int id, boolean isLagging) {
    brokers.cluster.ensemble.setLagging(
        Objects.requireNonNull(brokers.machine(id).store()), isLagging);
  }
}
