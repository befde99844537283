package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three broker processes against one ZooKeeper process. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class ClusterIT {
  private static final int BROKERS = 3;

  /**
   * Far longer than anything here is waited for: what waits for a dead broker's session to end,
   * never comes back.
   */
  private static final String SESSION = "cluster.session.timeout.ms=120000";

  @TempDir static Path dir;
  private static Servers servers;
  private static MillraceProcess[] brokers;

  @BeforeAll
  static void startAll() {
    servers = new Servers(dir);
    // ZooKeeper grants at most 20 ticks.
    servers.zooKeeper("tickTime=6000");
    brokers =
        IntStream.range(0, BROKERS)
            .mapToObj(id -> servers.start(id, SESSION))
            .toArray(MillraceProcess[]::new);
    for (MillraceProcess broker : brokers) {
      Servers.awaitReady(broker);
      assertThat(broker.err()).as("B67: the session asked for").doesNotContain("grants a session");
    }
  }

  @AfterAll
  static void endAll() {
    try (Servers ending = servers) {
      for (MillraceProcess broker : brokers) {
        assertThat(broker.stop()).as(broker.describe()).isIn(0, 143);
      }
    }
  }

  @Test
  void spreadsATopicAndOutlivesAKilledBroker() throws IOException {
    servers.run("topic", "create", "orders", "--partitions", "6", "--replicas", "1");
    assertThat(leaders()).as("partitions spread over all brokers").hasSize(BROKERS);

    String live = servers.zkShell("get", "/brokers/live/1");
    assertThat(live.lines().filter(line -> line.startsWith("{")).toList())
        .singleElement()
        .asString()
        .startsWith("{\"version\":")
        .contains("\"incarnation\":")
        .endsWith("}");

    // A producer and a consumer that run through the kill by themselves.
    List<String> expected = IntStream.range(0, 30_000).mapToObj(i -> "line-" + i).toList();
    MillraceProcess consume = servers.begin("consume", "orders", "--from", "earliest");
    MillraceProcess produce = servers.begin("produce", "orders", "--acks", "1");
    try (Writer writer = new OutputStreamWriter(produce.input(), StandardCharsets.UTF_8)) {
      int written = 0;
      String ghost = "";
      for (String line : expected) {
        writer.write(line + "\n");
        if (++written == 10_000) {
          writer.flush();
          consume.awaitLines(1_000);
          ghost = liveSession(1);
          brokers[1].kill();
        } else if (written == 20_000) {
          writer.flush();
          brokers[1] = servers.ready(1, SESSION);
          assertThat(liveSession(1)).as("registered in a session of its own").isNotEqualTo(ghost);
          assertThat(servers.zooKeeperSessions())
              .as("the dead broker's session had not ended: its ghost was taken over")
              .contains(ghost);
        }
      }
    }
    assertThat(produce.awaitExit()).as(produce.describe()).isZero();

    consume.awaitLines(expected.size());
    assertThat(new TreeSet<>(consume.out().lines().toList())).isEqualTo(new TreeSet<>(expected));
    assertThat(leaders()).as("the restarted broker leads again").hasSize(BROKERS);
  }

  @Test
  void b64_refusesASecondBrokerWithTheSameIdAndB65ALockedDirectory() {
    MillraceProcess sameDirectory = servers.start(1);
    assertThat(sameDirectory.awaitExit()).as(sameDirectory.describe()).isEqualTo(4);
    assertThat(sameDirectory.err()).contains("broker-1");

    MillraceProcess sameId = servers.start(1, "data.directory=" + dir.resolve("elsewhere"));
    assertThat(sameId.awaitExit()).as(sameId.describe()).isNotZero();
    assertThat(sameId.err()).contains("1").doesNotContain("\tat ");
    assertThat(brokers[1].isAlive()).isTrue();
  }

  /** The session that a broker's live node belongs to, as ZooKeeper writes it. */
  private static String liveSession(int broker) {
    String dump = servers.zooKeeperSessions();
    Matcher owner =
        Pattern.compile(
                "(0x[1-9a-f][0-9a-f]*):(?:\\s+/\\S+)*?\\s+/millrace/brokers/live/" + broker + "\\s")
            .matcher(dump);
    assertThat(owner.find()).as(dump).isTrue();
    return owner.group(1);
  }

  private static Set<String> leaders() {
    CommandRun describe = servers.run("topic", "describe", "orders", "--output", "json");
    Set<String> leaders = new TreeSet<>();
    Matcher matcher = Pattern.compile("\"leader\"\\s*:\\s*(\\d+)").matcher(describe.out());
    while (matcher.find()) {
      leaders.add(matcher.group(1));
    }
    return leaders;
  }
}
