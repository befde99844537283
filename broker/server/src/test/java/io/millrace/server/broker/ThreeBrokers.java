package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.wire.v1.CreateTopicRequest;
import io.millrace.wire.v1.DescribeTopicsRequest;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ElectLeaderResult;
import io.millrace.wire.v1.ElectLeadersRequest;
import io.millrace.wire.v1.ElectionKind;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ExplainPartition;
import io.millrace.wire.v1.ExplainRequest;
import io.millrace.wire.v1.Finding;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Three brokers on the twins, and what a client and an operator do with them. */
final class ThreeBrokers {
  private static final long MILLI = 1_000_000;

  /** What a client tries again after. */
  private static final List<ErrorCode> PASSING =
      List.of(
          ErrorCode.NOT_LEADER,
          ErrorCode.UNAVAILABLE,
          ErrorCode.NOT_ENOUGH_REPLICAS,
          ErrorCode.FENCED_EPOCH,
          ErrorCode.OUTCOME_UNKNOWN,
          ErrorCode.STOPPING);

  final SimulatedCluster cluster;
  final Map<Integer, SimulatedCluster.Machine> machines = new TreeMap<>();
  private final Map<Integer, StartOutcome.Ready> up = new TreeMap<>();
  private final Map<Integer, TestClient> clients = new TreeMap<>();

  ThreeBrokers(long seed) {
    cluster = new SimulatedCluster(seed);
    for (int id = 1; id <= 3; id++) {
      machines.put(id, cluster.machine(id));
    }
  }

  ThreeBrokers started() {
    machines.keySet().forEach(this::start);
    return this;
  }

  void assertNothingWasThrown() {
    assertThat(cluster.scheduler.thrown()).isEmpty();
    machines.values().forEach(machine -> assertThat(machine.fatal).isEmpty());
  }

  void start(int id) {
    started(id, machine(id).start());
  }

  /** The caller has begun it. */
  void started(int id, StartOutcome.Ready outcome) {
    up.put(id, outcome);
  }

  boolean isUp(int id) {
    return up.containsKey(id);
  }

  void kill(int id) {
    machine(id).kill();
    down(id);
  }

  void losePower(int id, double lossChance) {
    machine(id).losePower(lossChance);
    down(id);
  }

  /** True when it was a clean one. */
  boolean stop(int id) {
    boolean clean = machine(id).stop();
    down(id);
    return clean;
  }

  /** The caller has ended it, or it has ended by itself. */
  void down(int id) {
    up.remove(id);
    clients.remove(id);
  }

  SimulatedCluster.Machine machine(int id) {
    return Objects.requireNonNull(machines.get(id));
  }

  /** The others' ids, of those that are up. */
  List<Integer> othersThan(int id) {
    return up.keySet().stream().filter(each -> each != id).toList();
  }

  /** One connection to each; another one when it has been lost. */
  TestClient client(int id) {
    for (int tries = 0; tries < 100; tries++) {
      TestClient open = clients.get(id);
      if (open != null && open.connection().isOpen()) {
        return open;
      }
      CompletableFuture<TestClient> connecting =
          cluster.connect(Objects.requireNonNull(up.get(id)).client());
      cluster.scheduler.runUntil("a connection", connecting::isDone, 60 * SECOND);
      if (!connecting.isCompletedExceptionally()) {
        clients.put(id, connecting.join());
      }
    }
    throw new AssertionError("no connection to broker " + id);
  }

  // ---- Topics ----------------------------------------------------------------------------------

  /** With three replicas, all in sync. */
  TopicInfo create(String name, int partitions, Map<String, String> settings) {
    TopicInfo topic =
        created(
            CreateTopicRequest.newBuilder()
                .setName(name)
                .setPartitions(partitions)
                .putAllSettings(settings));
    for (int partition = 0; partition < partitions; partition++) {
      awaitInSync(name, partition, 3);
    }
    return topic;
  }

  /** With one partition, which has one replica. */
  TopicInfo createUnreplicated(String name) {
    return created(
        CreateTopicRequest.newBuilder().setName(name).setPartitions(1).setReplicationFactor(1));
  }

  private TopicInfo created(CreateTopicRequest.Builder wanted) {
    Response response = ask(Request.newBuilder().setCreateTopic(wanted));
    assertThat(response.hasError()).as(response.toString()).isFalse();
    return response.getCreateTopic().getTopic();
  }

  /** Asks any broker. */
  Response ask(Request.Builder request) {
    return cluster.await(client(anyUp()).send(request)).response();
  }

  private int anyUp() {
    return up.keySet().iterator().next();
  }

  PartitionInfo describe(String topic, int partition) {
    return describe(anyUp(), topic, partition);
  }

  /** As that broker sees it. */
  PartitionInfo describe(int by, String topic, int partition) {
    return TestClient.good(
            cluster.await(
                client(by)
                    .send(
                        Request.newBuilder()
                            .setDescribeTopics(
                                DescribeTopicsRequest.newBuilder().addNames(topic)))))
        .response()
        .getDescribeTopics()
        .getTopics(0)
        .getPartitions(partition);
  }

  /** As soon as one that is up leads. */
  int leader(String topic, int partition) {
    PartitionInfo[] now = new PartitionInfo[1];
    await(
        () -> "somebody leads " + topic + "/" + partition + ", but " + now[0],
        () -> {
          now[0] = describe(topic, partition);
          return now[0].hasLeader() && up.containsKey(now[0].getLeader());
        });
    return now[0].getLeader();
  }

  void awaitInSync(String topic, int partition, int count) {
    await(
        () -> count + " in sync, but " + describe(topic, partition),
        () -> describe(topic, partition).getInSyncCount() == count);
  }

  /** Looks ten times a second, for a minute. */
  void await(Supplier<String> what, BooleanSupplier done) {
    long deadline = cluster.scheduler.nanoTime() + 60 * SECOND;
    while (!done.getAsBoolean()) {
      assertThat(cluster.scheduler.nanoTime()).as(what.get()).isLessThan(deadline);
      cluster.scheduler.runFor(100 * MILLI);
    }
  }

  List<ElectLeaderResult> elect(String topic, ElectionKind kind) {
    return TestClient.good(
            cluster.await(
                client(anyUp())
                    .send(
                        Request.newBuilder()
                            .setElectLeaders(
                                ElectLeadersRequest.newBuilder().setTopic(topic).setKind(kind)))))
        .response()
        .getElectLeaders()
        .getResultsList();
  }

  List<Finding> explain(int by, String topic, int partition) {
    return TestClient.good(
            cluster.await(
                client(by)
                    .send(
                        Request.newBuilder()
                            .setExplain(
                                ExplainRequest.newBuilder()
                                    .setPartition(
                                        ExplainPartition.newBuilder()
                                            .setTopic(topic)
                                            .setPartition(partition))))))
        .response()
        .getExplain()
        .getFindingsList();
  }

  List<Finding> explainBroker(int id) {
    return TestClient.good(
            cluster.await(
                client(id)
                    .send(Request.newBuilder().setExplain(ExplainRequest.getDefaultInstance()))))
        .response()
        .getExplain()
        .getFindingsList();
  }

  // ---- Records ---------------------------------------------------------------------------------

  /** What that broker answers. */
  ProduceResult produceAt(int broker, String topicId, int partition, ByteBuffer batch) {
    return produceAt(broker, topicId, partition, Durability.STANDARD, batch);
  }

  ProduceResult produceAt(
      int broker, String topicId, int partition, Durability level, ByteBuffer batch) {
    return TestClient.good(
            cluster.await(client(broker).produce(topicId, partition, level, batch.duplicate())))
        .response()
        .getProduce()
        .getResults(0);
  }

  /** Sends the same to whoever leads until the answer is one to rely on, as a client does. */
  ProduceResult produce(TopicInfo topic, int partition, ByteBuffer batch) {
    long deadline = cluster.scheduler.nanoTime() + 60 * SECOND;
    @Nullable ProduceResult last = null;
    while (cluster.scheduler.nanoTime() < deadline) {
      PartitionInfo now = describe(topic.getName(), partition);
      if (now.hasLeader() && up.containsKey(now.getLeader())) {
        last = produceAt(now.getLeader(), topic.getTopicId(), partition, batch);
        if (!PASSING.contains(last.getError().getCode())) {
          return last;
        }
      }
      cluster.scheduler.runFor(MILLI);
    }
    throw new AssertionError("no answer to rely on: " + last);
  }

  /** {@code offset:value} of all that consumers are shown. */
  List<String> records(TopicInfo topic, int partition) {
    return recordsAt(leader(topic.getName(), partition), topic, partition);
  }

  List<String> recordsAt(int broker, TopicInfo topic, int partition) {
    List<String> all = new ArrayList<>();
    List<String> some;
    do {
      some =
          TestClient.good(
                  cluster.await(
                      client(broker).fetch(topic.getTopicId(), partition, all.size(), 100)))
              .records();
      all.addAll(some);
    } while (!some.isEmpty());
    return all;
  }

  // ---- ZooKeeper, by hand ----------------------------------------------------------------------

  Node node(String path) {
    ReadOutcome<Node> outcome = cluster.byHand(store -> store.read(path));
    assertThat(outcome).as(path).isInstanceOf(ReadOutcome.Found.class);
    return ((ReadOutcome.Found<Node>) outcome).value();
  }

  void overwrite(String path, ByteString content) {
    int version = node(path).version();
    write(store -> store.set(path, content, version));
  }

  /** Must succeed. */
  void write(Function<ClusterStore, CompletionStage<WriteOutcome>> write) {
    WriteOutcome outcome = cluster.byHand(write);
    assertThat(outcome).isInstanceOf(WriteOutcome.Applied.class);
  }
}
