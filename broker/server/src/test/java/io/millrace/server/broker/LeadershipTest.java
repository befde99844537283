package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.DescribeTopicsRequest;
import io.millrace.wire.v1.DrainBrokerRequest;
import io.millrace.wire.v1.DrainBrokerResponse;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ElectLeaderResult;
import io.millrace.wire.v1.ElectLeadersRequest;
import io.millrace.wire.v1.ElectionKind;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.TopicInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** coordination.md: elections, hand-over, controlled stop, drain, with three brokers. */
class LeadershipTest {
  private static final int PARTITIONS = 4;

  private final SimulatedCluster cluster = new SimulatedCluster(2211);
  private final List<SimulatedCluster.Machine> machines = new ArrayList<>();
  private final List<TestClient> clients = new ArrayList<>();
  private String topicId = "";

  @AfterEach
  void nothingWasThrown() {
    assertThat(cluster.scheduler.thrown()).isEmpty();
  }

  private void startThree(Map<String, String> settings) {
    for (int id = 1; id <= 3; id++) {
      SimulatedCluster.Machine machine = cluster.machine(id);
      machines.add(machine);
      clients.add(cluster.client(machine.start().client()));
    }
    topicId =
        TestClient.good(cluster.await(clients.get(0).createTopic("notes", PARTITIONS, settings)))
            .response()
            .getCreateTopic()
            .getTopic()
            .getTopicId();
    cluster.await("replicated", () -> isProducible(0));
  }

  private boolean isProducible(int partition) {
    PartitionInfo info = describe(1).getPartitions(partition);
    return info.hasLeader() && !produce(info.getLeader(), partition, "first").hasError();
  }

  private SimulatedCluster.Machine machine(int id) {
    return machines.get(id - 1);
  }

  private TestClient client(int id) {
    return clients.get(id - 1);
  }

  /** As that broker sees it. */
  private TopicInfo describe(int by) {
    return TestClient.good(
            cluster.await(
                client(by)
                    .send(
                        Request.newBuilder()
                            .setDescribeTopics(
                                DescribeTopicsRequest.newBuilder().addNames("notes")))))
        .response()
        .getDescribeTopics()
        .getTopics(0);
  }

  private int leaderOf(int partition, int by) {
    PartitionInfo info = describe(by).getPartitions(partition);
    return info.hasLeader() ? info.getLeader() : 0;
  }

  private ProduceResult produce(int to, int partition, String record) {
    return TestClient.good(
            cluster.await(
                client(to)
                    .produce(topicId, partition, Durability.STANDARD, Batches.single(record))))
        .response()
        .getProduce()
        .getResults(0);
  }

  /** Retries as a client does; returns how long it took. */
  private long produceSomehow(int by, int partition, String record) {
    long began = cluster.scheduler.nanoTime();
    for (int tries = 0; tries < 2_000; tries++) {
      int leader = leaderOf(partition, by);
      if (leader != 0 && !isDown(leader)) {
        ProduceResult result = produce(leader, partition, record);
        if (!result.hasError()) {
          return cluster.scheduler.nanoTime() - began;
        }
        assertThat(result.getError().getCode())
            .isIn(
                ErrorCode.NOT_LEADER,
                ErrorCode.UNAVAILABLE,
                ErrorCode.NOT_ENOUGH_REPLICAS,
                ErrorCode.FENCED_EPOCH,
                ErrorCode.STOPPING);
      }
      cluster.scheduler.runFor(SECOND / 500);
    }
    throw new AssertionError("partition " + partition + " takes nothing: " + describe(by));
  }

  private final List<Integer> down = new ArrayList<>();

  private boolean isDown(int id) {
    return down.contains(id);
  }

  private List<String> read(int by, int partition) {
    int leader = leaderOf(partition, by);
    return TestClient.good(cluster.await(client(leader).fetch(topicId, partition, 0, 0)))
        .records()
        .stream()
        .map(record -> record.substring(record.indexOf(':') + 1))
        .toList();
  }

  private void restart(int id) {
    clients.set(id - 1, cluster.client(machine(id).start().client()));
    down.remove((Integer) id);
  }

  @Test
  @DisplayName("issue 4: kill -9 of a leader costs a fraction of a second, not a session time-out")
  void anInSyncReplicaTakesTheLeadOfAKilledBroker() {
    startThree(Map.of("min.in.sync", "2"));
    int victim = leaderOf(0, 1);
    int witness = victim % 3 + 1;
    for (int partition = 0; partition < PARTITIONS; partition++) {
      produceSomehow(witness, partition, "before-" + partition);
    }
    long epoch = describe(witness).getPartitions(0).getLeaderEpoch();

    machine(victim).kill();
    down.add(victim);
    long took = produceSomehow(witness, 0, "after");

    assertThat(took).isLessThan(SECOND);
    PartitionInfo now = describe(witness).getPartitions(0);
    assertThat(now.getLeader()).isNotEqualTo(victim);
    assertThat((long) now.getLeaderEpoch()).isGreaterThan(epoch);
    assertThat(now.getLastChange()).contains("leader " + victim);
    assertThat(read(witness, 0)).contains("before-0", "after");
  }

  @Test
  @DisplayName("issue 4: the killed broker returns, catches up, leads again by preference")
  void thePreferredReplicaLeadsAgainOnceItIsBackInSync() {
    startThree(Map.of("min.in.sync", "2"));
    int victim = leaderOf(0, 1);
    int witness = victim % 3 + 1;
    machine(victim).kill();
    down.add(victim);
    produceSomehow(witness, 0, "meanwhile");

    restart(victim);
    cluster.await("leads again", () -> leaderOf(0, witness) == victim);

    assertThat(describe(witness).getPartitions(0).getLastChange()).contains("is preferred");
    produceSomehow(witness, 0, "later");
    assertThat(read(witness, 0)).contains("meanwhile", "later");
  }

  @Test
  @DisplayName("issue 4: a controlled stop of each broker in turn: nobody waits")
  void aStoppingBrokerHandsOverAndLeavesItsSets() {
    startThree(Map.of("min.in.sync", "2"));
    for (int id = 1; id <= 3; id++) {
      int witness = id % 3 + 1;
      CompletableFuture<Boolean> stopped = machine(id).beginStop();
      down.add(id);
      long longest = 0;
      int sent = 0;
      while (!stopped.isDone()) {
        longest = Math.max(longest, produceWherever(witness, sent % PARTITIONS, "stop-" + id));
        sent++;
      }
      assertThat(cluster.await(stopped)).isTrue();
      assertThat(longest).isLessThan(SECOND / 10);
      for (PartitionInfo partition : describe(witness).getPartitionsList()) {
        assertThat(partition.getLeader()).isNotEqualTo(id);
        assertThat(partition.getInSyncList()).doesNotContain(id);
      }
      machine(id).leaveNetwork();
      restart(id);
      cluster.await("back in sync", () -> isWholeAgain(witness));
    }
  }

  private boolean isWholeAgain(int by) {
    return describe(by).getPartitionsList().stream()
        .allMatch(partition -> partition.getInSyncCount() == 3);
  }

  /** Also at one that is stopping, which serves until others do. */
  private long produceWherever(int by, int partition, String record) {
    List<Integer> were = List.copyOf(down);
    down.clear();
    try {
      return produceSomehow(by, partition, record);
    } finally {
      down.addAll(were);
    }
  }

  @Test
  @DisplayName("issue 4: broker drain")
  void aDrainedBrokerLeadsNothingUntilItIsToldTo() {
    startThree(Map.of("min.in.sync", "2"));

    DrainBrokerResponse drained = drain(2, false);

    assertThat(drained.getHandedOver()).isPositive();
    assertThat(drained.getLeftList()).isEmpty();
    cluster.scheduler.runFor(20 * SECOND);
    for (PartitionInfo partition : describe(1).getPartitionsList()) {
      assertThat(partition.getLeader()).isNotEqualTo(2);
      assertThat(partition.getInSyncList()).contains(2);
    }
    drain(2, true);
    cluster.await(
        "leads again",
        () -> describe(1).getPartitionsList().stream().anyMatch(p -> p.getLeader() == 2));
  }

  private DrainBrokerResponse drain(int id, boolean cancel) {
    return TestClient.good(
            cluster.await(
                client(id)
                    .send(
                        Request.newBuilder()
                            .setDrainBroker(
                                DrainBrokerRequest.newBuilder()
                                    .setBrokerId(id)
                                    .setCancel(cancel)))))
        .response()
        .getDrainBroker();
  }

  @Test
  void electsThePreferredLeadersByCommandWhoeverIsAsked() {
    startThree(Map.of("min.in.sync", "2"));
    drain(2, false);
    drain(2, true);
    cluster.await(
        "broker 1 has seen that",
        () -> describe(1).getPartitionsList().stream().noneMatch(each -> each.getLeader() == 2));

    List<ElectLeaderResult> results = elect(1, ElectionKind.PREFERRED);

    assertThat(results).hasSize(PARTITIONS).noneMatch(ElectLeaderResult::hasError);
    assertThat(results).anyMatch(result -> result.getWhat().contains("handed over"));
    for (PartitionInfo partition : describe(1).getPartitionsList()) {
      int preferred = partition.getReplicas(0);
      cluster.await("leads", () -> leaderOf(partition.getPartition(), 1) == preferred);
    }
  }

  private List<ElectLeaderResult> elect(int by, ElectionKind kind) {
    return TestClient.good(
            cluster.await(
                client(by)
                    .send(
                        Request.newBuilder()
                            .setElectLeaders(
                                ElectLeadersRequest.newBuilder().setTopic("notes").setKind(kind)))))
        .response()
        .getElectLeaders()
        .getResultsList();
  }

  @Test
  @DisplayName("semantics 4.5: unclean by command only, the loss is noted")
  void anUncleanElectionBringsAPartitionBackAndSaysWhatThatMayCost() {
    startThree(Map.of("min.in.sync", "1"));
    int victim = leaderOf(0, 1);
    int witness = victim % 3 + 1;
    int other = witness % 3 + 1;
    machine(witness).kill();
    machine(other).kill();
    down.addAll(List.of(witness, other));
    cluster.await("alone", () -> describe(victim).getPartitions(0).getInSyncCount() == 1);
    produce(victim, 0, "lost");
    machine(victim).kill();
    down.add(victim);
    restart(witness);
    cluster.scheduler.runFor(10 * SECOND);
    assertThat(describe(witness).getPartitions(0).getInSyncList()).containsExactly(victim);

    List<ElectLeaderResult> results = elect(witness, ElectionKind.UNCLEAN);

    assertThat(results).noneMatch(ElectLeaderResult::hasError);
    cluster.await("leads", () -> leaderOf(0, witness) == witness);
    PartitionInfo now = describe(witness).getPartitions(0);
    assertThat(now.getLastChange()).contains("unclean election by command");
    produceSomehow(witness, 0, "after");
    assertThat(read(witness, 0)).contains("after").doesNotContain("lost");
  }

  @Test
  @DisplayName("semantics 4.5: unclean by the topic's setting")
  void aTopicMayWantALeaderAtAnyPrice() {
    startThree(Map.of("min.in.sync", "1", "unclean.election", "true"));
    int victim = leaderOf(0, 1);
    int witness = victim % 3 + 1;
    int other = witness % 3 + 1;
    machine(witness).kill();
    machine(other).kill();
    cluster.await("alone", () -> describe(victim).getPartitions(0).getInSyncCount() == 1);
    machine(victim).kill();
    restart(witness);

    cluster.await("leads", () -> leaderOf(0, witness) == witness);
    assertThat(describe(witness).getPartitions(0).getLastChange())
        .contains("unclean election by the topic's setting");
  }
}
