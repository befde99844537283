package io.millrace.server.broker;

import static io.millrace.server.broker.RealBroker.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.DeleteTopicRequest;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.Earliest;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.Latest;
import io.millrace.wire.v1.ListOffsetsPartition;
import io.millrace.wire.v1.ListOffsetsResult;
import io.millrace.wire.v1.MetadataRequest;
import io.millrace.wire.v1.ProduceRequest;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.TopicInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.curator.test.TestingServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker over real sockets, real files and a real ZooKeeper. */
class RealBrokerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final AtomicInteger CLUSTERS = new AtomicInteger();
  private static TestingServer zooKeeper;

  private String cluster = "";

  @TempDir Path root;

  @BeforeAll
  static void startZooKeeper() throws Exception {
    zooKeeper = new TestingServer();
  }

  @AfterAll
  static void stopZooKeeper() throws Exception {
    zooKeeper.close();
  }

  @BeforeEach
  void nameTheCluster() {
    cluster = zooKeeper.getConnectString() + "/cluster-" + CLUSTERS.incrementAndGet();
  }

  @Test
  void takesAProduceAndServesAFetch() {
    try (RealBroker broker = broker(Map.of())) {
      TestClient client = broker.client(broker.ready().client());
      TopicInfo topic = RealBroker.create(client, "notes", 1, Map.of());
      ProduceResult produced =
          produced(client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("a", "b")));
      assertThat(produced.getReached()).isEqualTo(Durability.STANDARD);
      assertThat(produced.getFlushed()).isTrue();
      assertThat(produced.getReplicas()).isEqualTo(1);
      assertThat(records(client, topic, 0)).containsExactly("0:a", "1:b");
    }
  }

  @Test
  void aRestartKeepsEverythingAtTheSameOffsets() {
    TopicInfo topic;
    try (RealBroker broker = broker(Map.of())) {
      TestClient client = broker.client(broker.ready().client());
      topic = RealBroker.create(client, "notes", 2, Map.of());
      for (int i = 0; i < 20; i++) {
        produced(client.produce(topic.getTopicId(), i % 2, Durability.STANDARD, batch("v" + i)));
      }
      assertThat(broker.stop()).isTrue();
    }
    try (RealBroker broker = broker(Map.of())) {
      StartOutcome.Ready ready = broker.ready();
      assertThat(ready.incarnation()).isEqualTo(2);
      TestClient client = broker.client(ready.client());
      RealBroker.awaitLed(client, topic.getTopicId(), 2);
      assertThat(records(client, topic, 1))
          .isEqualTo(IntStream.range(0, 10).mapToObj(i -> i + ":v" + (2 * i + 1)).toList());
      ProduceResult next =
          produced(client.produce(topic.getTopicId(), 1, Durability.STANDARD, batch("next")));
      assertThat(next.getBaseOffsets(0)).isEqualTo(10);
      assertThat(next.getLeaderEpoch()).isEqualTo(2);
    }
  }

  @Test
  void b75_aKilledBrokerTakesItsGhostOverAndTheGhostStops() {
    Path copy = root.resolve("copy");
    try (RealBroker killed = broker(Map.of("cluster.session.timeout.ms", "60000"))) {
      TestClient client = killed.client(killed.ready().client());
      TopicInfo topic = RealBroker.create(client, "notes", 1, Map.of());
      produced(client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("a")));
      // The same files as a process finds that starts after kill -9, while the lock of the real
      // directory is held by this process.
      copy(root.resolve("data"), copy);
      killed.vanish();
      long began = System.nanoTime();
      try (RealBroker restarted = new RealBroker(cluster, copy, Map.of())) {
        StartOutcome.Ready ready = restarted.ready();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
        assertThat(ready.incarnation()).isGreaterThan(1);
        TestClient again = restarted.client(ready.client());
        RealBroker.awaitLed(again, topic.getTopicId(), 1);
        assertThat(records(again, topic, 0)).containsExactly("0:a");
        Awaitility.await().atMost(PATIENCE).until(() -> !killed.fatal.isEmpty());
        assertThat(killed.fatal.get(0).kind()).isEqualTo(Failure.Kind.NOT_A_MEMBER);
      }
    }
  }

  @Test
  void aRequestOverPartitionsOfSeveralLoopsIsSplitAndPutTogether() {
    try (RealBroker broker = broker(Map.of())) {
      TestClient client = broker.client(broker.ready().client());
      TopicInfo topic = RealBroker.create(client, "notes", 4, Map.of());
      ProduceRequest.Builder produce =
          ProduceRequest.newBuilder().setDurability(Durability.STANDARD);
      ByteBuffer[] payload = new ByteBuffer[4];
      for (int i = 0; i < 4; i++) {
        payload[i] = batch("p" + i);
        produce.addPartitions(TestClient.share(topic.getTopicId(), i, payload[i]));
      }
      TestClient.Answer answer =
          await(client.send(Request.newBuilder().setProduce(produce), payload));
      assertThat(answer.response().getProduce().getResultsList())
          .extracting(ProduceResult::getPartition)
          .containsExactly(0, 1, 2, 3);
      FetchRequest.Builder fetch =
          FetchRequest.newBuilder().setMinBytes(1).setMaxBytes(1 << 20).setMaxWaitMs(1000);
      for (int i = 3; i >= 0; i--) {
        fetch.addPartitions(TestClient.fetchPartition(topic.getTopicId(), i, 0));
      }
      TestClient.Answer fetched = await(client.send(Request.newBuilder().setFetch(fetch)));
      assertThat(fetched.records()).containsExactly("0:p3", "0:p2", "0:p1", "0:p0");
    }
  }

  @Test
  void aFetchWaitsForRecordsAndIsAnsweredWhenTheyCome() {
    try (RealBroker broker = broker(Map.of())) {
      StartOutcome.Ready ready = broker.ready();
      TestClient client = broker.client(ready.client());
      TopicInfo topic = RealBroker.create(client, "notes", 2, Map.of());
      FetchRequest.Builder both =
          FetchRequest.newBuilder()
              .setMinBytes(1)
              .setMaxBytes(1 << 20)
              .setMaxWaitMs(20_000)
              .addPartitions(TestClient.fetchPartition(topic.getTopicId(), 0, 0))
              .addPartitions(TestClient.fetchPartition(topic.getTopicId(), 1, 0));
      CompletableFuture<TestClient.Answer> waiting =
          client.send(Request.newBuilder().setFetch(both));
      assertThat(
              TestClient.good(await(client.fetch(topic.getTopicId(), 0, 0, 100)))
                  .response()
                  .getFetch()
                  .getResults(0)
                  .getSize())
          .isZero();
      assertThat(waiting).isNotDone();
      TestClient other = broker.client(ready.client());
      produced(other.produce(topic.getTopicId(), 1, Durability.STANDARD, batch("late")));
      assertThat(await(waiting).records()).containsExactly("0:late");
    }
  }

  @Test
  void b28_badBatchesAreRefusedWholeWhileAnotherClientGoesOn() {
    try (RealBroker broker = broker(Map.of())) {
      StartOutcome.Ready ready = broker.ready();
      TestClient bad = broker.client(ready.client());
      TestClient good = broker.client(ready.client());
      TopicInfo topic = RealBroker.create(good, "notes", 1, Map.of());
      for (int i = 0; i < 30; i++) {
        ByteBuffer share = Batches.concat(batch("good"), batch("damaged"));
        share.put(share.limit() - 1 - (i % 8), (byte) ~share.get(share.limit() - 1 - (i % 8)));
        CompletableFuture<TestClient.Answer> refused =
            bad.produce(topic.getTopicId(), 0, Durability.STANDARD, share);
        ProduceResult taken =
            produced(good.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("v" + i)));
        assertThat(taken.getBaseOffsets(0)).isEqualTo(i);
        assertThat(await(refused).response().getProduce().getResults(0).getError().getCode())
            .isEqualTo(ErrorCode.CORRUPT_BATCH);
      }
    }
  }

  @Test
  void aProducerThatWantsNoAnswerGetsNoneAndItsRecordsAreThere() {
    try (RealBroker broker = broker(Map.of())) {
      TestClient client = broker.client(broker.ready().client());
      TopicInfo topic = RealBroker.create(client, "notes", 1, Map.of());
      await(client.produce(topic.getTopicId(), 0, Durability.NONE, batch("a")));
      ByteBuffer bad = batch("b");
      bad.put(bad.limit() - 1, (byte) ~bad.get(bad.limit() - 1));
      await(client.produce(topic.getTopicId(), 0, Durability.NONE, bad));
      produced(client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("c")));
      assertThat(records(client, topic, 0)).containsExactly("0:a", "1:c");
    }
  }

  @Test
  void listsOffsetsByPositionAndTime() {
    try (RealBroker broker = broker(Map.of())) {
      TestClient client = broker.client(broker.ready().client());
      TopicInfo topic = RealBroker.create(client, "notes", 1, Map.of());
      produced(
          client.produce(
              topic.getTopicId(), 0, Durability.STANDARD, Batches.batch(5_000, "a", "b", "c")));
      ListOffsetsPartition.Builder at =
          ListOffsetsPartition.newBuilder().setTopicId(topic.getTopicId());
      assertThat(offset(client, at.clone().setEarliest(Earliest.getDefaultInstance())).getOffset())
          .isZero();
      assertThat(offset(client, at.clone().setLatest(Latest.getDefaultInstance())).getOffset())
          .isEqualTo(3);
      ListOffsetsResult found = offset(client, at.clone().setTimestampMs(5_001));
      assertThat(found.getOffset()).isEqualTo(1);
      assertThat(found.getTimestampMs()).isEqualTo(5_001);
      assertThat(offset(client, at.clone().setTimestampMs(9_000)).hasOffset()).isFalse();
      assertThat(offset(client, at.clone()).getError().getCode())
          .isEqualTo(ErrorCode.INVALID_REQUEST);
    }
  }

  @Test
  void b40_aDeletedTopicsDataGoesToTheTrashAndItsIdIsNeverServedAgain() {
    try (RealBroker broker = broker(Map.of())) {
      TestClient client = broker.client(broker.ready().client());
      TopicInfo first = RealBroker.create(client, "notes", 2, Map.of());
      produced(client.produce(first.getTopicId(), 0, Durability.STANDARD, batch("old")));
      TestClient.good(
          await(
              client.send(
                  Request.newBuilder()
                      .setDeleteTopic(DeleteTopicRequest.newBuilder().setName("notes")))));
      Awaitility.await()
          .atMost(PATIENCE)
          .until(
              () ->
                  await(client.metadata("notes"))
                              .response()
                              .getMetadata()
                              .getTopics(0)
                              .getError()
                              .getCode()
                          == ErrorCode.UNKNOWN_TOPIC
                      && !Files.exists(root.resolve("data/" + first.getTopicId() + "-0")));
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> !await(client.createTopic("notes", 1, Map.of())).response().hasError());
      TopicInfo second = await(client.metadata("notes")).response().getMetadata().getTopics(0);
      assertThat(second.getTopicId()).isNotEqualTo(first.getTopicId());
      RealBroker.awaitLed(client, second.getTopicId(), 1);
      assertThat(
              await(client.produce(first.getTopicId(), 0, Durability.STANDARD, batch("x")))
                  .response()
                  .getProduce()
                  .getResults(0)
                  .getError()
                  .getCode())
          .isEqualTo(ErrorCode.UNKNOWN_TOPIC);
      assertThat(
              TestClient.good(await(client.fetch(second.getTopicId(), 0, 0, 0)))
                  .payload()
                  .remaining())
          .isZero();
    }
  }

  @Test
  void createsATopicAtFirstUseOnlyWhereBothSidesWantIt() {
    MetadataRequest wish =
        MetadataRequest.newBuilder()
            .addTopics("wished")
            .addTopics("a/b")
            .setAutoCreate(true)
            .build();
    try (RealBroker broker = broker(Map.of("auto.create.topics", "true"))) {
      TestClient client = broker.client(broker.ready().client());
      assertThat(
              await(client.metadata("wished"))
                  .response()
                  .getMetadata()
                  .getTopics(0)
                  .getError()
                  .getCode())
          .isEqualTo(ErrorCode.UNKNOWN_TOPIC);
      List<TopicInfo> topics =
          await(client.send(Request.newBuilder().setMetadata(wish)))
              .response()
              .getMetadata()
              .getTopicsList();
      assertThat(topics.get(0).hasError()).isFalse();
      assertThat(topics.get(0).getPartitionsCount()).isEqualTo(1);
      assertThat(topics.get(1).getError().getCode()).isEqualTo(ErrorCode.INVALID_TOPIC_NAME);
    }
    try (RealBroker broker = broker(Map.of())) {
      TestClient client = broker.client(broker.ready().client());
      MetadataRequest other = wish.toBuilder().clearTopics().addTopics("other").build();
      assertThat(
              await(client.send(Request.newBuilder().setMetadata(other)))
                  .response()
                  .getMetadata()
                  .getTopics(0)
                  .getError()
                  .getCode())
          .isEqualTo(ErrorCode.UNKNOWN_TOPIC);
    }
  }

  @Test
  void aStopTellsWaitingReadersAndLeavesACleanMark() {
    try (RealBroker broker = broker(Map.of())) {
      TestClient client = broker.client(broker.ready().client());
      TopicInfo topic = RealBroker.create(client, "notes", 1, Map.of());
      CompletableFuture<TestClient.Answer> waiting = client.fetch(topic.getTopicId(), 0, 0, 20_000);
      // The next request on the same connection shows that the first has been taken.
      await(client.metadata());
      CompletableFuture<Boolean> stopped = broker.broker.stop().toCompletableFuture();
      assertThat(await(waiting).response().getError().getCode()).isEqualTo(ErrorCode.STOPPING);
      assertThat(await(stopped)).isTrue();
      assertThat(root.resolve("data/clean-shutdown")).exists();
      broker.vanish();
    }
  }

  @Test
  void serves150PartitionsAndFindsThemAgain() {
    int count = 150;
    TopicInfo topic;
    try (RealBroker broker = broker(Map.of())) {
      TestClient client = broker.client(broker.ready().client());
      topic = RealBroker.create(client, "many", count, Map.of());
      List<ByteBuffer> payload = new ArrayList<>();
      ProduceRequest.Builder produce = ProduceRequest.newBuilder().setDurability(Durability.LEADER);
      for (int i = 0; i < count; i++) {
        payload.add(batch("p" + i));
        produce.addPartitions(TestClient.share(topic.getTopicId(), i, payload.get(i)));
      }
      TestClient.Answer answer =
          await(
              client.send(
                  Request.newBuilder().setProduce(produce), payload.toArray(new ByteBuffer[0])));
      assertThat(answer.response().getProduce().getResultsList())
          .allSatisfy(result -> assertThat(result.hasError()).isFalse());
      assertThat(broker.stop()).isTrue();
    }
    try (RealBroker broker = broker(Map.of())) {
      TestClient client = broker.client(broker.ready().client());
      FetchRequest.Builder fetch =
          FetchRequest.newBuilder().setMinBytes(1).setMaxBytes(8 << 20).setMaxWaitMs(1000);
      for (int i = 0; i < count; i++) {
        fetch.addPartitions(TestClient.fetchPartition(topic.getTopicId(), i, 0));
      }
      // After a restart nothing is in memory: each answer has what has come from the disk by then.
      TestClient.Answer fetched = await(client.send(Request.newBuilder().setFetch(fetch)));
      for (int tries = 0; fetched.records().size() < count && tries < 100; tries++) {
        fetched = await(client.send(Request.newBuilder().setFetch(fetch)));
      }
      assertThat(fetched.response().getFetch().getResultsList())
          .extracting(FetchResult::getHighWatermark)
          .containsOnly(1L);
      assertThat(fetched.records())
          .isEqualTo(IntStream.range(0, count).mapToObj(i -> "0:p" + i).toList());
    }
  }

  private RealBroker broker(Map<String, String> settings) {
    return new RealBroker(cluster, root.resolve("data"), settings);
  }

  private static ByteBuffer batch(String... values) {
    return Batches.batch(1_700_000_000_000L, values);
  }

  private static ProduceResult produced(CompletableFuture<TestClient.Answer> answer) {
    ProduceResult result = TestClient.good(await(answer)).response().getProduce().getResults(0);
    assertThat(result.hasError()).describedAs("%s", result.getError()).isFalse();
    return result;
  }

  private static List<String> records(TestClient client, TopicInfo topic, int partition) {
    return TestClient.good(await(client.fetch(topic.getTopicId(), partition, 0, 1_000))).records();
  }

  private static ListOffsetsResult offset(TestClient client, ListOffsetsPartition.Builder at) {
    return TestClient.good(await(client.listOffsets(at))).response().getListOffsets().getResults(0);
  }

  private static void copy(Path from, Path to) {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        if (!file.endsWith(".lock")) {
          copyIfStillThere(file, to.resolve(from.relativize(file).toString()));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A file under another name until it is whole may get its own meanwhile. */
  private static void copyIfStillThere(Path from, Path to) throws IOException {
    try {
      Files.copy(from, to);
    } catch (NoSuchFileException e) {
      assertThat(from.getFileName().toString()).endsWith(".tmp");
    }
  }
}
