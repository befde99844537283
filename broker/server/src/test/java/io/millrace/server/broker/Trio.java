package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.DescribeTopicsRequest;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ExplainPartition;
import io.millrace.wire.v1.ExplainRequest;
import io.millrace.wire.v1.Finding;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.TopicInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Three brokers on the twins and one topic of one partition that all three hold. */
final class Trio {
  static final int BROKERS = 3;

  final SimulatedCluster cluster;
  final Map<Integer, SimulatedCluster.Machine> machines = new TreeMap<>();
  private final Map<Integer, StartOutcome.Ready> ready = new TreeMap<>();
  private final Map<Integer, TestClient> clients = new TreeMap<>();
  final TopicInfo topic;

  Trio(long seed, Map<String, String> topicSettings) {
    cluster = new SimulatedCluster(seed);
    for (int id = 1; id <= BROKERS; id++) {
      machines.put(id, cluster.machine(id));
      start(id);
    }
    topic =
        TestClient.good(cluster.await(client(1).createTopic("notes", 1, topicSettings)))
            .response()
            .getCreateTopic()
            .getTopic();
  }

  SimulatedCluster.Machine machine(int id) {
    return java.util.Objects.requireNonNull(machines.get(id));
  }

  MemoryDisk disk(int id) {
    return machine(id).disk;
  }

  Path partitionDirectory() {
    return SimulatedCluster.DATA.resolve(topic.getTopicId() + "-0");
  }

  void start(int id) {
    ready.put(id, machine(id).start());
  }

  /** The caller has begun it. */
  void started(int id, StartOutcome.Ready outcome) {
    ready.put(id, outcome);
  }

  void kill(int id) {
    machine(id).kill();
    forget(id);
  }

  void losePower(int id, double lossChance) {
    machine(id).losePower(lossChance);
    forget(id);
  }

  void stop(int id) {
    assertThat(machine(id).stop()).isTrue();
    forget(id);
  }

  void forget(int id) {
    ready.remove(id);
    clients.remove(id);
  }

  /** One connection to each; another one when it has been lost. */
  TestClient client(int id) {
    for (int tries = 0; tries < 100; tries++) {
      TestClient open = clients.get(id);
      if (open != null && open.connection().isOpen()) {
        return open;
      }
      CompletableFuture<TestClient> connecting =
          cluster.connect(java.util.Objects.requireNonNull(ready.get(id)).client());
      cluster.scheduler.runUntil("a connection", connecting::isDone, 60 * SECOND);
      if (!connecting.isCompletedExceptionally()) {
        clients.put(id, connecting.join());
      }
    }
    throw new AssertionError("no connection to broker " + id);
  }

  private int survivor() {
    return ready.keySet().iterator().next();
  }

  /** As a broker that is up sees it. */
  PartitionInfo describe() {
    return TestClient.good(
            cluster.await(
                client(survivor())
                    .send(
                        Request.newBuilder()
                            .setDescribeTopics(
                                DescribeTopicsRequest.newBuilder().addNames("notes")))))
        .response()
        .getDescribeTopics()
        .getTopics(0)
        .getPartitions(0);
  }

  int leader() {
    cluster.await("somebody leads", () -> describe().hasLeader());
    return describe().getLeader();
  }

  int follower() {
    return leader() % BROKERS + 1;
  }

  List<Finding> explain(int broker) {
    return TestClient.good(
            cluster.await(
                client(broker)
                    .send(
                        Request.newBuilder()
                            .setExplain(
                                ExplainRequest.newBuilder()
                                    .setPartition(
                                        ExplainPartition.newBuilder()
                                            .setTopic("notes")
                                            .setPartition(0))))))
        .response()
        .getExplain()
        .getFindingsList();
  }

  /** Sends to whoever leads until somebody acknowledges it, as a client does. */
  ProduceResult produce(Durability level, String value) {
    long deadline = cluster.scheduler.nanoTime() + 60 * SECOND;
    @Nullable ProduceResult last = null;
    while (cluster.scheduler.nanoTime() < deadline) {
      PartitionInfo now = describe();
      if (now.hasLeader() && ready.containsKey(now.getLeader())) {
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
    int leader = leader();
    return TestClient.good(cluster.await(client(leader).fetch(topic.getTopicId(), 0, 0, 100)))
        .records();
  }

  boolean isInSync(int count) {
    return describe().getInSyncCount() == count;
  }

  void awaitInSync(int count) {
    long deadline = cluster.scheduler.nanoTime() + 60 * SECOND;
    while (!isInSync(count)) {
      assertThat(cluster.scheduler.nanoTime()).as(() -> describe().toString()).isLessThan(deadline);
      cluster.scheduler.runFor(SECOND / 100);
    }
  }
}
