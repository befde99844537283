package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.Finding;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.TopicInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** {@link ThreeBrokers} and one topic, {@code notes}, of one partition that all three hold. */
final class Trio {
  static final int BROKERS = 3;
  private static final String NOTES = "notes";

  final ThreeBrokers brokers;
  final SimulatedCluster cluster;
  final Map<Integer, SimulatedCluster.Machine> machines;
  final TopicInfo topic;

  Trio(long seed, Map<String, String> topicSettings) {
    brokers = new ThreeBrokers(seed).started();
    cluster = brokers.cluster;
    machines = brokers.machines;
    topic = brokers.create(NOTES, 1, topicSettings);
  }

  SimulatedCluster.Machine machine(int id) {
    return brokers.machine(id);
  }

  MemoryDisk disk(int id) {
    return machine(id).disk;
  }

  Path partitionDirectory() {
    return SimulatedCluster.DATA.resolve(topic.getTopicId() + "-0");
  }

  // ---- Brokers ---------------------------------------------------------------------------------

  void start(int id) {
    brokers.start(id);
  }

  void started(int id, StartOutcome.Ready outcome) {
    brokers.started(id, outcome);
  }

  void kill(int id) {
    brokers.kill(id);
  }

  void losePower(int id, double lossChance) {
    brokers.losePower(id, lossChance);
  }

  void stop(int id) {
    assertThat(brokers.stop(id)).isTrue();
  }

  void forget(int id) {
    brokers.down(id);
  }

  TestClient client(int id) {
    return brokers.client(id);
  }

  // ---- The topic -------------------------------------------------------------------------------

  PartitionInfo describe() {
    return brokers.describe(NOTES, 0);
  }

  int leader() {
    return brokers.leader(NOTES, 0);
  }

  int follower() {
    return leader() % BROKERS + 1;
  }

  List<Finding> explain(int broker) {
    return brokers.explain(broker, NOTES, 0);
  }

  /** Sends to whoever leads until somebody acknowledges it, whatever happens meanwhile. */
  ProduceResult produce(Durability level, String value) {
    long deadline = cluster.scheduler.nanoTime() + 60 * SECOND;
    @Nullable ProduceResult last = null;
    while (cluster.scheduler.nanoTime() < deadline) {
      PartitionInfo now = describe();
      if (now.hasLeader() && brokers.isUp(now.getLeader())) {
        CompletableFuture<TestClient.Answer> answer =
            client(now.getLeader()).produce(topic.getTopicId(), 0, level, Batches.single(value));
        cluster.scheduler.runUntil("an answer", answer::isDone, 60 * SECOND);
        if (!answer.isCompletedExceptionally()) {
          last = TestClient.good(answer.join()).response().getProduce().getResults(0);
          if (!last.hasError()) {
            return last;
          }
        }
      }
      cluster.scheduler.runFor(SECOND / 1000);
    }
    throw new AssertionError("nobody acknowledged: " + last);
  }

  void produce(String... values) {
    for (String value : values) {
      produce(Durability.STANDARD, value);
    }
  }

  /** All that the leader shows. */
  List<String> records() {
    return brokers.records(topic, 0);
  }

  boolean isInSync(int count) {
    return describe().getInSyncCount() == count;
  }

  void awaitInSync(int count) {
    brokers.awaitInSync(NOTES, 0, count);
  }
}
