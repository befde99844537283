package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.rpc.Endpoint;
import io.millrace.storage.files.DiskOperation;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.DeleteTopicRequest;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.TopicInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A whole broker on the twins: time, network, disk and ZooKeeper behave as badly as told. */
class SimulatedBrokerTest {
  private final SimulatedCluster cluster = new SimulatedCluster(11);
  private final SimulatedCluster.Machine machine = cluster.machine(1);

  static IntStream seeds() {
    return IntStream.range(0, 60);
  }

  @Test
  void servesAndStopsCleanly() {
    TestClient client = cluster.client(machine.start().client());
    TopicInfo topic = cluster.create(client, "notes", 3, Map.of());
    produced(client.produce(topic.getTopicId(), 2, Durability.STANDARD, batch("a")));
    assertThat(records(client, topic, 2)).containsExactly("0:a");
    assertThat(machine.stop()).isTrue();
    client = cluster.client(machine.start().client());
    assertThat(records(client, topic, 2)).containsExactly("0:a");
    assertThat(cluster.scheduler.thrown()).isEmpty();
    assertThat(machine.fatal).isEmpty();
  }

  @Test
  void servesAPartitionBeforeAllOthersAreLed() {
    Endpoint address = machine.start().client(); // the same in each life
    TopicInfo topic = cluster.create(cluster.client(address), "notes", 300, Map.of());
    machine.stop();
    List<String> elections = new ArrayList<>();
    cluster.ensemble.observe(
        (path, now) -> {
          if (path.startsWith(ZnodePaths.partitions(topic.getTopicId()) + "/")) {
            elections.add(path);
          }
        });
    CompletableFuture<StartOutcome> starting = machine.begin();
    cluster.await("many are elected", () -> elections.size() > 100);
    cluster.ensemble.setIsolated(machine.store(), true); // so that the others are not
    TestClient client = cluster.client(address);
    List<Integer> served = new ArrayList<>();
    for (int partition = 0; partition < 300; partition++) {
      ProduceResult result =
          TestClient.good(
                  cluster.await(
                      client.produce(
                          topic.getTopicId(), partition, Durability.STANDARD, batch("early"))))
              .response()
              .getProduce()
              .getResults(0);
      if (result.hasError()) {
        assertThat(result.getError().getCode()).isEqualTo(ErrorCode.NOT_LEADER);
      } else {
        served.add(partition);
      }
    }
    assertThat(served).isNotEmpty().hasSizeLessThan(300);
    assertThat(starting).isNotDone();
    assertThat(machine.health().ready().isGood()).isFalse();

    cluster.ensemble.setIsolated(machine.store(), false);
    assertThat(cluster.await(starting)).isInstanceOf(StartOutcome.Ready.class);
    assertThat(records(client, topic, served.get(0))).containsExactly("0:early");
  }

  @Test
  void aKilledBrokerIsBackBeforeItsOldSessionHasEnded() {
    machine.settings.put("cluster.session.timeout.ms", "60000");
    TestClient client = cluster.client(machine.start().client());
    TopicInfo topic = cluster.create(client, "notes", 1, Map.of());
    produced(client.produce(topic.getTopicId(), 0, Durability.LEADER, batch("a")));
    machine.kill();
    long began = cluster.scheduler.nanoTime();
    client = cluster.client(machine.start().client());
    assertThat(cluster.scheduler.nanoTime() - began).isLessThan(2 * SECOND);
    assertThat(records(client, topic, 0)).containsExactly("0:a");
    assertThat(
            produced(client.produce(topic.getTopicId(), 0, Durability.LEADER, batch("b")))
                .getLeaderEpoch())
        .isEqualTo(2);
  }

  /**
   * Acknowledged and shown records are there at their offsets after a power loss in the middle of
   * any change to the disk, over and over.
   */
  @ParameterizedTest
  @MethodSource("seeds")
  void whatWasAcknowledgedOrShownSurvivesPowerLoss(int seed) {
    SimulatedCluster world = new SimulatedCluster(seed);
    SimulatedCluster.Machine broker = world.machine(1);
    TestClient client = world.client(broker.start().client());
    TopicInfo topic = world.create(client, "notes", 1, Map.of());
    Map<Long, String> promised = new TreeMap<>();
    for (int life = 0; life < 4; life++) {
      broker.disk.crashAt(broker.disk.steps() + world.scheduler.random().nextLong(60));
      List<CompletableFuture<TestClient.Answer>> answers = new ArrayList<>();
      List<CompletableFuture<TestClient.Answer>> shown = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        Durability level =
            world.scheduler.random().nextBoolean() ? Durability.STANDARD : Durability.LEADER;
        answers.add(client.produce(topic.getTopicId(), 0, level, batch("v" + life + "-" + i)));
        shown.add(client.fetch(topic.getTopicId(), 0, promised.size(), 0));
        world.scheduler.runFor(world.scheduler.random().nextLong(SECOND / 1000));
      }
      for (int i = 0; i < answers.size(); i++) {
        note(promised, answers.get(i), "v" + life + "-" + i);
      }
      shown.stream()
          .filter(answer -> answer.isDone() && !answer.isCompletedExceptionally())
          .forEach(answer -> answer.join().records().forEach(it -> promise(promised, it)));
      broker.losePower();
      client = world.client(broker.start().client());
      world.awaitLed(client, topic.getTopicId(), 0);
      Map<Long, String> found = new TreeMap<>();
      world
          .await(client.fetch(topic.getTopicId(), 0, 0, 0))
          .records()
          .forEach(record -> promise(found, record));
      assertThat(found).containsAllEntriesOf(promised);
      promised.putAll(found);
    }
    assertThat(promised).isNotEmpty();
  }

  @Test
  void aRecordThatOnlyThePageCacheHadMayBeLostAndWasNeverShown() {
    TestClient client = cluster.client(machine.start().client());
    TopicInfo topic = cluster.create(client, "notes", 1, Map.of());
    produced(client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("kept")));
    failForces();
    ProduceResult cached =
        produced(client.produce(topic.getTopicId(), 0, Durability.LEADER, batch("lost")));
    assertThat(cached.getReached()).isEqualTo(Durability.LEADER);
    assertThat(cached.getFlushed()).isFalse();
    assertThat(records(client, topic, 0)).containsExactly("0:kept");
    machine.losePower(1.0);
    client = cluster.client(machine.start().client());
    assertThat(records(client, topic, 0)).containsExactly("0:kept");
    assertThat(
            produced(client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("next")))
                .getBaseOffsets(0))
        .isEqualTo(1);
  }

  private static void note(
      Map<Long, String> promised, CompletableFuture<TestClient.Answer> answer, String value) {
    if (answer.isDone() && !answer.isCompletedExceptionally()) {
      ProduceResult result = answer.join().response().getProduce().getResults(0);
      if (!result.hasError() && result.getFlushed()) {
        promised.put(result.getBaseOffsets(0), value);
      }
    }
  }

  private static void promise(Map<Long, String> into, String record) {
    int colon = record.indexOf(':');
    into.put(Long.parseLong(record.substring(0, colon)), record.substring(colon + 1));
  }

  @Test
  void aFullDiskIsToldToProducersAndForgottenWhenThereIsRoomAgain() {
    TestClient client = cluster.client(machine.start().client());
    TopicInfo topic = cluster.create(client, "notes", 1, Map.of());
    produced(client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("a")));
    machine.disk.limitBytes(0);
    ProduceResult refused =
        cluster
            .await(client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("b")))
            .response()
            .getProduce()
            .getResults(0);
    assertThat(refused.getError().getCode()).isEqualTo(ErrorCode.STORAGE_FAILED);
    assertThat(refused.getError().getMessage()).contains("disk is full");
    machine.disk.limitBytes(Long.MAX_VALUE);
    assertThat(
            produced(client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("c")))
                .getBaseOffsets(0))
        .isEqualTo(1);
    assertThat(records(client, topic, 0)).containsExactly("0:a", "1:c");
    assertThat(machine.fatal).isEmpty();
  }

  @Test
  void aFailedForceEndsTheBrokerAndAcknowledgesNothing() {
    TestClient client = cluster.client(machine.start().client());
    TopicInfo topic = cluster.create(client, "notes", 1, Map.of());
    produced(client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("a")));
    failForces();
    CompletableFuture<TestClient.Answer> unknown =
        client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("b"));
    cluster.await("the broker gives up", () -> !machine.fatal.isEmpty());
    assertThat(machine.fatal.get(0).kind()).isEqualTo(Failure.Kind.DISK_FAILED);
    cluster.await("the producer hears of it", unknown::isDone);
    if (!unknown.isCompletedExceptionally()) {
      assertThat(unknown.join().response().getProduce().getResults(0).getError().getCode())
          .isEqualTo(ErrorCode.OUTCOME_UNKNOWN);
    }
    machine.kill();
    client = cluster.client(machine.start().client());
    assertThat(records(client, topic, 0)).startsWith("0:a");
  }

  @Test
  void anExpiredSessionMakesANewLifeThatLeadsInAHigherEpoch() {
    StartOutcome.Ready ready = machine.start();
    TestClient client = cluster.client(ready.client());
    TopicInfo topic = cluster.create(client, "notes", 1, Map.of());
    produced(client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("a")));
    cluster.ensemble.expire(machine.store());
    cluster.scheduler.runFor(SECOND);
    cluster.awaitLed(client, topic.getTopicId(), 0);
    ProduceResult next =
        produced(client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("b")));
    assertThat(next.getLeaderEpoch()).isEqualTo(2);
    assertThat(records(client, topic, 0)).containsExactly("0:a", "1:b");
    assertThat(machine.fatal).isEmpty();
  }

  @Test
  void servesOnWhileZooKeeperIsAway() {
    TestClient client = cluster.client(machine.start().client());
    TopicInfo topic = cluster.create(client, "notes", 1, Map.of());
    cluster.ensemble.setIsolated(machine.store(), true);
    cluster.scheduler.runFor(20 * SECOND);
    produced(client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("a")));
    assertThat(records(client, topic, 0)).containsExactly("0:a");
    assertThat(
            cluster.await(client.createTopic("other", 1, Map.of())).response().getError().getCode())
        .isEqualTo(ErrorCode.UNAVAILABLE);
    cluster.ensemble.setIsolated(machine.store(), false);
    cluster.scheduler.runFor(10 * SECOND);
    cluster.awaitLed(client, topic.getTopicId(), 0);
    assertThat(records(client, topic, 0)).containsExactly("0:a");
    cluster.create(client, "other", 1, Map.of());
  }

  @Test
  void b76_dataIsKeptWhenItsTopicVanishesAndServedWhenItIsBack() {
    TestClient client = cluster.client(machine.start().client());
    TopicInfo topic = cluster.create(client, "notes", 1, Map.of());
    produced(client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("a")));
    Node node = node(ZnodePaths.topic("notes"));
    cluster.byHand(store -> store.delete(ZnodePaths.topic("notes"), node.version()));
    cluster.scheduler.runFor(SECOND);
    assertThat(errorOfFetch(client, topic)).isEqualTo(ErrorCode.NOT_LEADER);
    assertThat(machine.disk.kind(SimulatedCluster.DATA.resolve(topic.getTopicId() + "-0")))
        .isEqualTo(FileKind.DIRECTORY);
    cluster.byHand(
        store -> store.create(ZnodePaths.topic("notes"), node.data(), NodeKind.PERSISTENT));
    cluster.scheduler.runFor(SECOND);
    cluster.awaitLed(client, topic.getTopicId(), 0);
    assertThat(records(client, topic, 0)).containsExactly("0:a");
  }

  @Test
  void b77_refusesALeaderEpochThatHasGoneBack() {
    TestClient client = cluster.client(machine.start().client());
    TopicInfo topic = cluster.create(client, "notes", 1, Map.of());
    String path = ZnodePaths.partition(topic.getTopicId(), 0);
    ByteString old = node(path).data();
    for (int life = 0; life < 3; life++) {
      produced(client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("v" + life)));
      machine.stop();
      client = cluster.client(machine.start().client());
    }
    machine.stop();
    Node now = node(path);
    cluster.byHand(store -> store.set(path, old, now.version()));
    client = cluster.client(machine.start().client());
    cluster.scheduler.runFor(2 * SECOND);
    assertThat(errorOfFetch(client, topic)).isEqualTo(ErrorCode.NOT_LEADER);
    assertThat(node(path).data()).isEqualTo(old);
  }

  @Test
  void dataOfATopicThatWasDeletedMeanwhileGoesAtTheNextStart() {
    SimulatedCluster.Machine other = cluster.machine(2);
    TestClient client = cluster.client(machine.start().client());
    TopicInfo topic = cluster.create(client, "notes", 1, Map.of());
    TestClient second = cluster.client(other.start().client());
    machine.stop();
    cluster.await(
        second.send(
            Request.newBuilder().setDeleteTopic(DeleteTopicRequest.newBuilder().setName("notes"))));
    cluster.scheduler.runFor(10 * SECOND);
    machine.start();
    cluster.scheduler.runFor(5 * SECOND);
    assertThat(machine.disk.kind(SimulatedCluster.DATA.resolve(topic.getTopicId() + "-0")))
        .isEqualTo(FileKind.ABSENT);
  }

  @Test
  void aTopicsPartitionsSpreadOverBrokersAndEachSaysWhoLeadsTheRest() {
    List<TestClient> clients = new ArrayList<>();
    for (int id = 1; id <= 3; id++) {
      clients.add(cluster.client(cluster.machine(id).start().client()));
    }
    TopicInfo created =
        TestClient.good(cluster.await(clients.get(0).createTopic("notes", 6, Map.of())))
            .response()
            .getCreateTopic()
            .getTopic();
    assertThat(created.getPartitionsList())
        .extracting(PartitionInfo::getLeader)
        .containsOnly(1, 2, 3)
        .hasSize(6);
    cluster.scheduler.runFor(SECOND);
    for (PartitionInfo partition : created.getPartitionsList()) {
      for (int id = 1; id <= 3; id++) {
        ProduceResult result =
            cluster
                .await(
                    clients
                        .get(id - 1)
                        .produce(
                            created.getTopicId(),
                            partition.getPartition(),
                            Durability.STANDARD,
                            batch("a")))
                .response()
                .getProduce()
                .getResults(0);
        if (id == partition.getLeader()) {
          assertThat(result.hasError()).isFalse();
        } else {
          assertThat(result.getError().getCode()).isEqualTo(ErrorCode.NOT_LEADER);
          assertThat(result.getError().getMessage())
              .contains("broker " + partition.getLeader() + " leads");
        }
      }
    }
  }

  @Test
  void aReaderThatGoesAwayWhileItWaitsLeavesNothingBehind() {
    StartOutcome.Ready ready = machine.start();
    TestClient client = cluster.client(ready.client());
    TopicInfo topic = cluster.create(client, "notes", 2, Map.of());
    TestClient reader = cluster.client(ready.client());
    FetchRequest.Builder both =
        FetchRequest.newBuilder().setMinBytes(1).setMaxBytes(1 << 20).setMaxWaitMs(50_000);
    for (int partition = 0; partition < 2; partition++) {
      both.addPartitions(TestClient.fetchPartition(topic.getTopicId(), partition, 0));
    }
    CompletableFuture<TestClient.Answer> waiting = reader.send(Request.newBuilder().setFetch(both));
    cluster.scheduler.runFor(SECOND / 10);
    reader.close();
    cluster.await("the reader is gone", waiting::isDone);
    cluster.scheduler.runFor(SECOND / 10);
    produced(client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("a")));
    produced(client.produce(topic.getTopicId(), 1, Durability.STANDARD, batch("b")));
    client.close();
    cluster.scheduler.runFor(SECOND);
    assertThat(cluster.network.outstandingBuffers()).isZero();
    assertThat(cluster.scheduler.thrown()).isEmpty();
  }

  @Test
  void requestsOfOneConnectionTakeEffectInTheOrderTheyWereSentWhicheverLoopOwnsThePartition() {
    TestClient client = cluster.client(machine.start().client());
    TopicInfo topic = cluster.create(client, "notes", 2, Map.of());
    for (int partition = 0; partition < 2; partition++) {
      List<CompletableFuture<TestClient.Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        answers.add(
            client.produce(topic.getTopicId(), partition, Durability.STANDARD, batch("v" + i)));
      }
      for (int i = 0; i < 60; i++) {
        assertThat(produced(answers.get(i)).getBaseOffsets(0)).isEqualTo(i);
      }
    }
  }

  /** Partitions 0 and 2 lie on one loop, 1 and 3 on the other. */
  @ParameterizedTest
  @ValueSource(strings = {"0123", "0120", "0222", "1300", "0000"})
  void aFetchOverSeveralLoopsWaitsExactlyUntilAllTogetherHaveEnough(String order) {
    TestClient client = cluster.client(machine.start().client());
    TopicInfo topic = cluster.create(client, "notes", 4, Map.of());
    int one = batch("a").remaining();
    FetchRequest.Builder all =
        FetchRequest.newBuilder().setMinBytes(4 * one).setMaxBytes(1 << 20).setMaxWaitMs(50_000);
    for (int partition = 0; partition < 4; partition++) {
      all.addPartitions(TestClient.fetchPartition(topic.getTopicId(), partition, 0));
    }
    CompletableFuture<TestClient.Answer> waiting = client.send(Request.newBuilder().setFetch(all));
    for (int i = 0; i < order.length(); i++) {
      cluster.scheduler.runFor(SECOND / 10);
      assertThat(waiting).isNotDone();
      produced(
          client.produce(
              topic.getTopicId(), order.charAt(i) - '0', Durability.STANDARD, batch("a")));
    }
    cluster.scheduler.runFor(SECOND / 10);
    assertThat(waiting).isDone();
    assertThat(waiting.join().records()).hasSize(4);
  }

  @Test
  void theSameSeedRunsTheSameWay() {
    assertThat(trace(5)).isEqualTo(trace(5)).isNotEqualTo(trace(6));
  }

  private static long trace(long seed) {
    SimulatedCluster world = new SimulatedCluster(seed);
    SimulatedCluster.Machine broker = world.machine(1);
    TestClient client = world.client(broker.start().client());
    TopicInfo topic = world.create(client, "notes", 2, Map.of());
    world.await(client.produce(topic.getTopicId(), 1, Durability.STANDARD, batch("a")));
    broker.losePower();
    broker.start();
    broker.stop();
    return world.scheduler.trace();
  }

  private void failForces() {
    machine.disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.FORCE && path.toString().endsWith(".log")) {
            throw new IOException("on purpose");
          }
        });
  }

  private Node node(String path) {
    ReadOutcome<Node> read = cluster.byHand(store -> store.read(path));
    assertThat(read).isInstanceOf(ReadOutcome.Found.class);
    return ((ReadOutcome.Found<Node>) read).value();
  }

  private ErrorCode errorOfFetch(TestClient client, TopicInfo topic) {
    FetchResult result =
        TestClient.good(cluster.await(client.fetch(topic.getTopicId(), 0, 0, 0)))
            .response()
            .getFetch()
            .getResults(0);
    return result.getError().getCode();
  }

  private List<String> records(TestClient client, TopicInfo topic, int partition) {
    return TestClient.good(cluster.await(client.fetch(topic.getTopicId(), partition, 0, 1_000)))
        .records();
  }

  private ProduceResult produced(CompletableFuture<TestClient.Answer> answer) {
    ProduceResult result =
        TestClient.good(cluster.await(answer)).response().getProduce().getResults(0);
    assertThat(result.hasError()).describedAs("%s", result.getError()).isFalse();
    return result;
  }

  private static ByteBuffer batch(String... values) {
    return Batches.batch(1_700_000_000_000L, values);
  }
}
