package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Admin;
import io.millrace.client.AdminSettings;
import io.millrace.client.NewTopic;
import io.millrace.client.PartitionInfo;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.ProducerSettings;
import io.millrace.client.RecordMetadata;
import io.millrace.client.Serializers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three broker processes and a topic with a replica on each, through what production does to them,
 * under a producer that writes down what it is told. Each scene begins with all of them up.
 */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class ReplicationIT {
  private static final List<Integer> IDS = List.of(1, 2, 3);
  private static final int PARTITIONS = 3;
  private static final int SESSION_MS = 3_000;
  private static final int INTERRUPTED = 130;

  @TempDir static Path dir;
  private static Servers servers;
  private static MillraceProcess zooKeeper;
  private static final Map<Integer, MillraceProcess> brokers = new HashMap<>();

  @BeforeAll
  static void startAll() {
    servers = new Servers(dir);
    zooKeeper = startZooKeeper();
    startBrokers();
  }

  private static MillraceProcess startZooKeeper() {
    return servers.zooKeeper("tickTime=500");
  }

  private static void startBrokers() {
    IDS.forEach(ReplicationIT::start);
    brokers.values().forEach(Servers::awaitReady);
  }

  private static void start(int id) {
    brokers.put(id, servers.start(id, "cluster.session.timeout.ms=" + SESSION_MS));
  }

  private static MillraceProcess broker(int id) {
    return brokers.getOrDefault(id, zooKeeper);
  }

  @AfterAll
  static void endAll() {
    servers.close();
  }

  @Test
  void killedLeadersCostNothingThatWasAcknowledgedAndLeadAgain() {
    ReplicatedTopic topic = ReplicatedTopic.create(servers, "killed", PARTITIONS);
    LoadWithLedger load = LoadWithLedger.on(topic, dir);
    for (int kill = 0; kill < 2; kill++) {
      int leader = topic.leader(0);
      broker(leader).kill();
      assertThat(topic.awaitLeaderOtherThan(leader, 0)).isIn(IDS);
      load.awaitMore(LoadWithLedger.RECORDS_PER_SECOND);
      start(leader);
      Servers.awaitReady(broker(leader));
      topic.awaitInSync();
    }
    topic.awaitPreferredLeaders();
    load.end();
    load.assertNothingLostTwiceOrFailed();
  }

  @Test
  void controlledStopsReachNeitherProducerNorReader() {
    ReplicatedTopic topic = ReplicatedTopic.create(servers, "stopped", PARTITIONS);
    LoadWithLedger load = LoadWithLedger.on(topic, dir);
    MillraceProcess reader =
        servers.begin("consume", "stopped", "--from", "earliest", "--format", "%p %o\\n");
    for (int id : IDS) {
      load.awaitMore(1);
      assertThat(broker(id).stop()).as(broker(id).describe()).isIn(0, 143);
      load.awaitMore(LoadWithLedger.RECORDS_PER_SECOND / 2);
      start(id);
      Servers.awaitReady(broker(id));
      topic.awaitInSync();
    }
    load.end();
    int records = load.assertNothingLostTwiceOrFailed().get("found").getAsInt();
    reader.awaitLines(records);
    assertThat(reader.interrupt()).as(reader.describe()).isEqualTo(INTERRUPTED);
    assertThat(reader.err()).isEmpty();
    assertReadOnceAndInOrder(reader.out(), records);
  }

  /** Lines of partition and offset. */
  private static void assertReadOnceAndInOrder(String lines, int records) {
    long[] next = new long[PARTITIONS];
    for (String line : lines.lines().toList()) {
      int blank = line.indexOf(' ');
      int partition = Integer.parseInt(line.substring(0, blank));
      assertThat(Long.parseLong(line.substring(blank + 1))).as(line).isEqualTo(next[partition]++);
    }
    assertThat(LongStream.of(next).sum()).isEqualTo(records);
  }

  @Test
  void produceAndConsumeGoOnWithoutZooKeeperAndItComesBackUnaided() {
    ReplicatedTopic topic = ReplicatedTopic.create(servers, "alone", PARTITIONS);
    LoadWithLedger load = LoadWithLedger.on(topic, dir);
    MillraceProcess consume = servers.begin("consume", "alone", "--from", "earliest");
    consume.awaitLines(1);
    zooKeeper.signal("STOP");
    try {
      // The producer's fixed rate is the clock: all sessions have ended by their own count.
      for (int past = 0; past < 2 * SESSION_MS; past += 1_000) {
        load.awaitMore(LoadWithLedger.RECORDS_PER_SECOND);
      }
      consume.awaitLines((int) consume.out().lines().count() + LoadWithLedger.RECORDS_PER_SECOND);
    } finally {
      zooKeeper.signal("CONT");
    }
    topic.awaitInSync();
    load.awaitMore(LoadWithLedger.RECORDS_PER_SECOND);
    consume.interrupt();
    load.end();
    load.assertNothingLostTwiceOrFailed();
  }

  /** Two partitions of one leader, and who follows it in each. */
  private record Pair(PartitionInfo one, PartitionInfo other) {
    int followerOfOne() {
      return one.replicas().get(1);
    }
  }

  @Test
  void aFollowerThatHangsHoldsUpItsOwnPartitionsAndNoOther() throws Exception {
    ProducerSettings settings =
        ProducerSettings.builder(servers.cluster()).linger(Duration.ofMillis(50)).build();
    try (Admin admin = Admin.create(AdminSettings.builder(servers.cluster()).build());
        Producer<byte[], byte[]> producer =
            Producer.create(settings, Serializers.bytes(), Serializers.bytes())) {
      NewTopic wanted = new NewTopic("pairs", 12, 2).withSettings(Map.of("min.in.sync", "1"));
      admin.createTopic(wanted).get();
      Pair pair = awaitPair(admin);
      List<CompletableFuture<RecordMetadata>> before = sendToBoth(producer, pair);
      for (CompletableFuture<RecordMetadata> each : before) {
        each.get();
      }
      MillraceProcess follower = broker(pair.followerOfOne());
      follower.signal("STOP");
      try {
        List<CompletableFuture<RecordMetadata>> together = sendToBoth(producer, pair);
        together.get(1).get();
        for (int i = 0; i < 5; i++) {
          producer.send(record(pair.other())).get();
        }
        assertThat(together.get(0)).as("waits for who hangs").isNotDone();
        together.get(0).get();
      } finally {
        follower.signal("CONT");
      }
    }
  }

  private static Pair awaitPair(Admin admin) {
    return Awaitility.await("two partitions of one leader with different followers")
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> {
              List<PartitionInfo> all =
                  admin.describeTopics(List.of("pairs")).get().values().stream()
                      .flatMap(topic -> topic.partitions().stream())
                      .filter(each -> each.inSync().size() == 2 && each.leader().isPresent())
                      .filter(each -> each.leader().getAsInt() == each.replicas().get(0))
                      .toList();
              return all.stream()
                  .flatMap(one -> all.stream().map(other -> new Pair(one, other)))
                  .filter(each -> each.one().leader().equals(each.other().leader()))
                  .filter(each -> !each.other().replicas().contains(each.followerOfOne()))
                  .findFirst();
            },
            Optional::isPresent)
        .orElseThrow();
  }

  /** One record each, in one request as they linger. */
  private static List<CompletableFuture<RecordMetadata>> sendToBoth(
      Producer<byte[], byte[]> producer, Pair pair) {
    return List.of(producer.send(record(pair.one())), producer.send(record(pair.other())));
  }

  private static ProducerRecord<byte[], byte[]> record(PartitionInfo partition) {
    return new ProducerRecord<>(
        partition.topic(), partition.partition(), null, "x".getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void allKilledAtOnceComeBackWithEverythingAcknowledgedAndTheSameOnEachDisk() {
    ReplicatedTopic topic = ReplicatedTopic.create(servers, "dark", PARTITIONS);
    topic.awaitInSync();
    LoadWithLedger load = LoadWithLedger.on(topic, dir);
    load.awaitMore(3 * LoadWithLedger.RECORDS_PER_SECOND);
    load.end();

    zooKeeper.signal("KILL");
    brokers.values().forEach(broker -> broker.signal("KILL"));
    zooKeeper.awaitExit();
    brokers.values().forEach(MillraceProcess::awaitExit);
    zooKeeper = startZooKeeper();
    startBrokers();
    load.assertNothingLostTwiceOrFailed();
    topic.awaitInSync();

    brokers
        .values()
        .forEach(broker -> assertThat(broker.stop()).as(broker.describe()).isIn(0, 143));
    topic.assertSameOnDisks(brokers.keySet());
    startBrokers();
  }
}
