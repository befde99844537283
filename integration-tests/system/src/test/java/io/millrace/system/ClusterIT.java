package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three broker processes against one ZooKeeper process. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class ClusterIT {
  private static final int BROKERS = 3;

  @TempDir Path dir;
  private final List<MillraceProcess> running = new ArrayList<>();
  private String cluster;
  private MillraceProcess[] brokers;

  @BeforeEach
  void startAll() throws IOException {
    Path configuration =
        Files.writeString(
            dir.resolve("zookeeper.properties"),
            "dataDir="
                + dir.resolve("zookeeper")
                + "\nclientPort=0\nclientPortAddress=127.0.0.1\n");
    MillraceProcess zooKeeper =
        remember(MillraceProcess.start(dir, "zookeeper", "--config", configuration.toString()));
    cluster = zooKeeper.awaitLine("^ready zookeeper=(\\S+)").group(1) + "/millrace";
    brokers =
        IntStream.range(0, BROKERS).mapToObj(this::startBroker).toArray(MillraceProcess[]::new);
    for (MillraceProcess broker : brokers) {
      awaitReady(broker);
    }
  }

  @AfterEach
  void endAll() {
    for (int i = running.size(); --i >= 0; ) {
      running.get(i).close();
    }
  }

  @Test
  void spreadsATopicAndOutlivesAKilledBroker() throws IOException {
    run("topic", "create", "orders", "--partitions", "6", "--replicas", "1");
    assertThat(leaders()).as("partitions spread over all brokers").hasSize(BROKERS);

    String live = zkShell("get", "/brokers/live/1");
    assertThat(live.lines().filter(line -> line.startsWith("{")).toList())
        .singleElement()
        .asString()
        .startsWith("{\"version\":")
        .contains("\"incarnation\":")
        .endsWith("}");

    // A producer and a consumer that run through the kill by themselves.
    List<String> expected = IntStream.range(0, 30_000).mapToObj(i -> "line-" + i).toList();
    MillraceProcess consume =
        remember(
            MillraceProcess.start(
                dir, "consume", "orders", "--from", "earliest", "--cluster", cluster));
    MillraceProcess produce =
        remember(
            MillraceProcess.start(dir, "produce", "orders", "--acks", "1", "--cluster", cluster));
    try (Writer writer = new OutputStreamWriter(produce.input(), StandardCharsets.UTF_8)) {
      int written = 0;
      for (String line : expected) {
        writer.write(line + "\n");
        if (++written == 10_000) {
          writer.flush();
          awaitLines(consume, 1_000);
          brokers[1].kill();
        } else if (written == 20_000) {
          writer.flush();
          brokers[1] = startBroker(1);
          // Well under the 6 s a ZooKeeper session takes to expire.
          awaitReady(brokers[1]);
        }
      }
    }
    assertThat(produce.awaitExit()).as(produce.describe()).isZero();

    awaitLines(consume, expected.size());
    assertThat(new TreeSet<>(consume.out().lines().toList())).isEqualTo(new TreeSet<>(expected));
    assertThat(leaders()).as("the restarted broker leads again").hasSize(BROKERS);

    for (MillraceProcess broker : brokers) {
      assertThat(broker.stop()).as(broker.describe()).isIn(0, 143);
    }
  }

  @Test
  void b64_refusesASecondBrokerWithTheSameIdAndB65ALockedDirectory() {
    MillraceProcess sameDirectory =
        remember(MillraceProcess.start(dir, brokerArguments(1, dir.resolve("broker-1"))));
    assertThat(sameDirectory.awaitExit()).as(sameDirectory.describe()).isEqualTo(4);
    assertThat(sameDirectory.err()).contains("broker-1");

    MillraceProcess sameId =
        remember(MillraceProcess.start(dir, brokerArguments(1, dir.resolve("elsewhere"))));
    assertThat(sameId.awaitExit()).as(sameId.describe()).isNotZero();
    assertThat(sameId.err()).contains("1").doesNotContain("\tat ");
    assertThat(brokers[1].isAlive()).isTrue();
  }

  private Set<String> leaders() {
    MillraceProcess describe = run("topic", "describe", "orders", "--output", "json");
    Set<String> leaders = new TreeSet<>();
    Matcher matcher = Pattern.compile("\"leader\"\\s*:\\s*(\\d+)").matcher(describe.out());
    while (matcher.find()) {
      leaders.add(matcher.group(1));
    }
    return leaders;
  }

  private MillraceProcess startBroker(int id) {
    return remember(MillraceProcess.start(dir, brokerArguments(id, dir.resolve("broker-" + id))));
  }

  private String[] brokerArguments(int id, Path data) {
    return new String[] {
      "broker",
      "--set",
      "broker.id=" + id,
      "--set",
      "cluster=" + cluster,
      "--set",
      "data.directory=" + data,
      "--set",
      "listener.client=127.0.0.1:0",
      "--set",
      "listener.internal=127.0.0.1:0"
    };
  }

  private static void awaitReady(MillraceProcess broker) {
    broker.awaitLine("^ready .*\\bbroker=\\d+");
  }

  private static void awaitLines(MillraceProcess process, int count) {
    Awaitility.await(count + " lines of output")
        .atMost(MillraceProcess.PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(
            () ->
                assertThat(process.out().lines().count())
                    .as(process::describe)
                    .isGreaterThanOrEqualTo(count));
  }

  private String zkShell(String... command) {
    String[] arguments = {"zk-shell", "--cluster", cluster};
    String[] all = Arrays.copyOf(arguments, arguments.length + command.length);
    System.arraycopy(command, 0, all, arguments.length, command.length);
    MillraceProcess shell = MillraceProcess.run(dir, all);
    assertThat(shell.awaitExit()).as(shell.describe()).isZero();
    return shell.out();
  }

  private MillraceProcess run(String... arguments) {
    String[] all = Arrays.copyOf(arguments, arguments.length + 2);
    all[arguments.length] = "--cluster";
    all[arguments.length + 1] = cluster;
    MillraceProcess process = MillraceProcess.run(dir, all);
    assertThat(process.awaitExit()).as(process.describe()).isZero();
    return process;
  }

  private MillraceProcess remember(MillraceProcess process) {
    running.add(process);
    return process;
  }
}
