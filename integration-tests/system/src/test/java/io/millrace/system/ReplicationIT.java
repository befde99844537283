package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
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
