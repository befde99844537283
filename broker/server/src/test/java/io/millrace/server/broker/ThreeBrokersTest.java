package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.Endpoint;
import io.millrace.storage.files.DirectoryEntry;
import io.millrace.storage.files.DiskOperation;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.DescribeTopicsRequest;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.Follower;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.TopicInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Three brokers on the twins that replicate what is written to any of them. */
class ThreeBrokersTest {
  private static final long MILLI = 1_000_000;

  private SimulatedCluster cluster = new SimulatedCluster(5);
  private final Map<Integer, SimulatedCluster.Machine> machines = new HashMap<>();
  private final Map<Integer, StartOutcome.Ready> ready = new HashMap<>();
  private final Map<Integer, TestClient> clients = new HashMap<>();

  static IntStream seeds() {
    return IntStream.range(0, 20);
  }

  private void start() {
    for (int id = 1; id <= 3; id++) {
      SimulatedCluster.Machine machine = cluster.machine(id);
      machines.put(id, machine);
      ready.put(id, machine.start());
    }
  }

  @AfterEach
  void nothingWasThrown() {
    assertThat(cluster.scheduler.thrown()).isEmpty();
    machines.values().forEach(machine -> assertThat(machine.fatal).isEmpty());
  }

  private SimulatedCluster.Machine machine(int id) {
    return java.util.Objects.requireNonNull(machines.get(id));
  }

  private Endpoint clientAddress(int id) {
    return java.util.Objects.requireNonNull(ready.get(id)).client();
  }

  /** One connection to each; another one when it has been lost. */
  private TestClient client(int id) {
    for (int tries = 0; tries < 100; tries++) {
      TestClient open = clients.get(id);
      if (open != null && open.connection().isOpen()) {
        return open;
      }
      CompletableFuture<TestClient> connecting = cluster.connect(clientAddress(id));
      cluster.scheduler.runUntil("a connection", connecting::isDone, 60 * SECOND);
      if (!connecting.isCompletedExceptionally()) {
        clients.put(id, connecting.join());
      }
    }
    throw new AssertionError("no connection to broker " + id);
  }

  private void kill(int id) {
    machine(id).kill();
    ready.remove(id);
    clients.remove(id);
  }

  private TopicInfo create(String name, int partitions, Map<String, String> settings) {
    return TestClient.good(cluster.await(client(1).createTopic(name, partitions, settings)))
        .response()
        .getCreateTopic()
        .getTopic();
  }

  /** As a broker sees it. */
  private PartitionInfo describe(int broker, String topic, int partition) {
    return TestClient.good(
            cluster.await(
                client(broker)
                    .send(
                        Request.newBuilder()
                            .setDescribeTopics(
                                DescribeTopicsRequest.newBuilder().addNames(topic)))))
        .response()
        .getDescribeTopics()
        .getTopics(0)
        .getPartitions(partition);
  }

  private int survivor() {
    for (int id = 1; id <= 3; id++) {
      if (ready.containsKey(id)) {
        return id;
      }
    }
    throw new IllegalStateException("nobody is left");
  }

  /** Sends to whoever leads until somebody acknowledges it, as a client does. */
  private ProduceResult produce(TopicInfo topic, int partition, Durability level, String value) {
    long deadline = cluster.scheduler.nanoTime() + 60 * SECOND;
    @Nullable ProduceResult last = null;
    while (cluster.scheduler.nanoTime() < deadline) {
      PartitionInfo now = describe(survivor(), topic.getName(), partition);
      if (now.hasLeader() && ready.containsKey(now.getLeader())) {
        last =
            TestClient.good(
                    cluster.await(
                        client(now.getLeader())
                            .produce(topic.getTopicId(), partition, level, Batches.single(value))))
                .response()
                .getProduce()
                .getResults(0);
        if (!last.hasError()) {
          return last;
        }
      }
      cluster.scheduler.runFor(MILLI);
    }
    throw new AssertionError("nobody acknowledged: " + last);
  }

  private List<String> records(TopicInfo topic, int partition) {
    int leader = describe(survivor(), topic.getName(), partition).getLeader();
    return TestClient.good(
            cluster.await(client(leader).fetch(topic.getTopicId(), partition, 0, 100)))
        .records();
  }

  private void awaitInSync(TopicInfo topic, int partition, int count) {
    long deadline = cluster.scheduler.nanoTime() + 60 * SECOND;
    while (describe(survivor(), topic.getName(), partition).getInSyncCount() != count) {
      assertThat(cluster.scheduler.nanoTime())
          .describedAs(describe(survivor(), topic.getName(), partition).toString())
          .isLessThan(deadline);
      cluster.scheduler.runFor(10 * MILLI);
    }
  }

  @Test
  void acknowledgesWhatAllInSyncReplicasHave() {
    start();
    TopicInfo topic = create("notes", 1, Map.of());
    ProduceResult result = produce(topic, 0, Durability.STANDARD, "a");
    assertThat(result.getReplicas()).isEqualTo(3);
    assertThat(result.getReached()).isEqualTo(Durability.STANDARD);
    long began = cluster.scheduler.nanoTime();
    produce(topic, 0, Durability.STANDARD, "b");
    assertThat(cluster.scheduler.nanoTime() - began).isLessThan(40 * MILLI);
    assertThat(records(topic, 0)).containsExactly("0:a", "1:b");
  }

  @Test
  void anotherBrokerLeadsWithinAThirdOfASecondWhenTheLeaderIsKilled() {
    start();
    TopicInfo topic = create("notes", 1, Map.of());
    produce(topic, 0, Durability.STANDARD, "a");
    int leader = describe(1, "notes", 0).getLeader();
    kill(leader);
    long killed = cluster.scheduler.nanoTime();
    ProduceResult result = produce(topic, 0, Durability.STANDARD, "b");
    assertThat(cluster.scheduler.nanoTime() - killed).isLessThan(300 * MILLI);
    assertThat(result.getLeaderEpoch()).isEqualTo(2);
    assertThat(result.getReplicas()).isEqualTo(2);
    assertThat(records(topic, 0)).containsExactly("0:a", "1:b");
  }

  /** B91: at once, though its session stands and its process answers. */
  @Test
  void b91_aLeaderWhoseLogFailsGivesItsLeadershipUp() {
    start();
    TopicInfo topic = create("notes", 1, Map.of());
    produce(topic, 0, Durability.STANDARD, "a");
    int leader = describe(1, "notes", 0).getLeader();
    machine(leader)
        .disk
        .setFaults(
            (operation, path) -> {
              if (operation == DiskOperation.WRITE && path.toString().endsWith(".log")) {
                throw new IOException("Input/output error");
              }
            });
    ProduceResult result = produce(topic, 0, Durability.STANDARD, "b");
    assertThat(describe(survivor(), "notes", 0).getLeader()).isNotEqualTo(leader);
    assertThat(result.getLeaderEpoch()).isEqualTo(2);
    assertThat(records(topic, 0)).containsExactly("0:a", "1:b");
  }

  /** I14, B82, B84: repaired from the leader, and out of the sets before. */
  @Test
  void aReplicaWithAHoleIsCopiedAnewFromTheLeader() throws Exception {
    start();
    TopicInfo topic = create("notes", 1, Map.of("segment.bytes", "65536"));
    for (int i = 0; i < 4; i++) {
      produce(topic, 0, Durability.STANDARD, i + "x".repeat(60_000));
    }
    cluster.scheduler.runFor(60 * SECOND); // what is below the recovery point is never cut
    int leader = describe(1, "notes", 0).getLeader();
    int follower = leader == 1 ? 2 : 1;
    kill(follower);
    produce(topic, 0, Durability.STANDARD, "last");
    MemoryDisk disk = machine(follower).disk;
    Path directory = SimulatedCluster.DATA.resolve(topic.getTopicId() + "-0");
    List<String> logs =
        disk.list(directory).stream()
            .map(DirectoryEntry::name)
            .filter(name -> name.endsWith(".log"))
            .sorted()
            .toList();
    disk.delete(directory.resolve(logs.get(1)));
    ready.put(follower, machine(follower).start());
    awaitInSync(topic, 0, 3);
    kill(leader);
    ProduceResult result = produce(topic, 0, Durability.STANDARD, "after");
    assertThat(result.getBaseOffsets(0)).isEqualTo(5);
    assertThat(describe(follower, "notes", 0).getInSyncList()).contains(follower);
    assertThat(disk.list(SimulatedCluster.DATA.resolve("trash"))).hasSize(1);
  }

  @Test
  void aKilledBrokerComesBackAndIsInSyncAgain() {
    start();
    TopicInfo topic = create("notes", 1, Map.of());
    produce(topic, 0, Durability.STANDARD, "a");
    int leader = describe(1, "notes", 0).getLeader();
    kill(leader);
    produce(topic, 0, Durability.STANDARD, "b");
    ready.put(leader, machine(leader).start());
    awaitInSync(topic, 0, 3);
    assertThat(produce(topic, 0, Durability.STANDARD, "c").getReplicas()).isEqualTo(3);
    assertThat(records(topic, 0)).containsExactly("0:a", "1:b", "2:c");
  }

  @Test
  void writersGoOnWhenAFollowerIsKilled() {
    start();
    TopicInfo topic = create("notes", 1, Map.of());
    produce(topic, 0, Durability.STANDARD, "a");
    int follower = describe(1, "notes", 0).getReplicas(2);
    kill(follower);
    ProduceResult result = produce(topic, 0, Durability.STANDARD, "b");
    assertThat(result.getReplicas()).isEqualTo(2);
  }

  @Test
  void b47_aClientThatClaimsToBeAReplicaMovesNothing() {
    start();
    TopicInfo topic = create("notes", 1, Map.of());
    produce(topic, 0, Durability.STANDARD, "a");
    PartitionInfo before = describe(1, "notes", 0);
    int follower = before.getReplicas(1);
    Request.Builder fetch =
        Request.newBuilder()
            .setFetch(
                FetchRequest.newBuilder()
                    .setMaxBytes(1 << 20)
                    .setFollower(
                        Follower.newBuilder()
                            .setBrokerId(follower)
                            .setIncarnation(
                                java.util.Objects.requireNonNull(ready.get(follower))
                                    .incarnation()))
                    .addPartitions(
                        FetchPartition.newBuilder()
                            .setTopicId(topic.getTopicId())
                            .setLeaderEpoch(before.getLeaderEpoch())
                            .setFetchOffset(1_000)
                            .setFlushedOffset(1_000)));
    var answer = cluster.await(client(before.getLeader()).send(fetch)).response();
    assertThat(answer.getError().getCode()).isEqualTo(ErrorCode.NOT_AUTHORISED);
    assertThat(describe(1, "notes", 0)).isEqualTo(before);
  }

  @Test
  void syncedMeansOnEveryDisk() {
    start();
    TopicInfo topic = create("notes", 4, Map.of("durability", "synced"));
    for (int i = 0; i < 20; i++) {
      long began = cluster.scheduler.nanoTime();
      ProduceResult result = produce(topic, i % 4, Durability.SYNCED, "v" + i);
      assertThat(result.getReached()).isEqualTo(Durability.SYNCED);
      assertThat(result.getFlushed()).isTrue();
      if (i >= 8) {
        // What a follower has flushed it tells at once, whatever else it waits for at its leader.
        assertThat(cluster.scheduler.nanoTime() - began).isLessThan(22 * MILLI);
      }
    }
  }

  /** Whatever was acknowledged is there, whoever is killed and however the network behaves. */
  @ParameterizedTest
  @MethodSource("seeds")
  void keepsWhatWasAcknowledgedThroughKillsAndResets(int seed) {
    cluster = new SimulatedCluster(seed);
    cluster.network.setDelay(100_000, 3 * MILLI);
    start();
    TopicInfo topic = create("notes", 2, Map.of());
    List<List<String>> acknowledged = List.of(new ArrayList<>(), new ArrayList<>());
    for (int round = 0; round < 4; round++) {
      for (int i = 0; i < 6; i++) {
        String value = round + "-" + i;
        produce(topic, i % 2, Durability.STANDARD, value);
        acknowledged.get(i % 2).add(value);
        if (cluster.scheduler.random().nextInt(4) == 0) {
          cluster.network.reset("broker-1", "broker-2");
        }
      }
      int victim = 1 + cluster.scheduler.random().nextInt(3);
      kill(victim);
      produce(topic, 0, Durability.STANDARD, "after " + round);
      acknowledged.get(0).add("after " + round);
      ready.put(victim, machine(victim).start());
      awaitInSync(topic, 0, 3);
      awaitInSync(topic, 1, 3);
    }
    for (int partition = 0; partition < 2; partition++) {
      List<String> values =
          records(topic, partition).stream().map(r -> r.substring(r.indexOf(':') + 1)).toList();
      // A retry after a lost answer may have been appended before; nothing may be missing.
      assertThat(values).containsSubsequence(acknowledged.get(partition));
    }
  }
}
