package io.millrace.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The scripts that measure whole clusters: without a peer, and without a cluster. */
class CompareTest {
  @TempDir Path folder;

  @BeforeAll
  static void needsPython() {
    assumeTrue(
        List.of(System.getenv("PATH").split(":", -1)).stream()
            .anyMatch(entry -> Files.isExecutable(Path.of(entry, "python3"))),
        "python3 is not on the PATH: compare is not tried");
  }

  @Test
  void printsMediansRangesRatiosAndCpuPerRecord() throws Exception {
    Run run = run("./compare", "--table", "src/test/resources/results.jsonl");
    assertThat(run.exit).as(run.said).isZero();
    String work = "| produce 1024 B, defaults, 1 partition(s), acks=all ";
    assertThat(run.said.lines())
        .contains(
            work + "| Kafka 4.3.1 | 1 | 70.0 | 4.50 | 68.4 | 16.4 | 8.20 | 1000 | 0.10 |",
            work
                + "| **Millrace** | 2 | 315 [280..350] |  | 308 [273..342] | 3.50 [3.00..4.00]"
                + " | 1.50 [1.00..2.00] | 210 [200..220] | 0.10 |",
            "| clean-empty | Kafka 4.3.1 | 1 | 3400 | 0.25 | 2900 | 5.00 | 500 | 400 |");
  }

  @Test
  void printsWhatEventsInAGroupCostEachPeer() throws Exception {
    Run run = run("./compare", "--table", "src/test/resources/groups.jsonl");
    assertThat(run.exit).as(run.said).isZero();
    assertThat(run.said.lines())
        .contains(
            "| join, 6 members | Kafka 3.9.2 eager | 1 | 3100 | 0.01 | 3200 | 3100 | 3300 | - | 60.0"
                + " | 3400 |",
            "| join, 6 members | **Millrace** | 2 | 26.0 [22.0..30.0] |  | 50.0 [40.0..60.0] | 12.0"
                + " | 215 [210..220] | - | 8.00 | 400 |",
            "| one consumer | **Millrace** | 1 | 3000 |  | 0.30 | 0.90 | 9000 |",
            "| 500 | **Millrace** | 1 | 4000 |  | 170 | 3.50 | 300 | 900 |");
  }

  /** A harness whose suites only tell that they were called; of one, its peers are told. */
  private static final String HARNESS =
      """
      import os
      TMP = os.environ["TMPDIR"]
      class Kafka:
          def __init__(self, name): self.name = name
      def boost(): pass
      def log(*words): print(*words, flush=True)
      def peers(names):
          print("adapter", os.path.basename(os.environ["BENCH_OURS"]))
          return [Kafka(n) for n in names.split(",")]
      def suite_startup(peers, a, out):
          print("turn", *[p.name for p in peers], a.reps, a.gb, flush=True)
      class Out:
          def __init__(self, path): open(path, "a").close()
      """;

  @Test
  void letsPeersTakeTurnsInARotatingOrderAndTellsWhichSuiteFailed() throws Exception {
    Files.writeString(folder.resolve("bench.py"), HARNESS);
    Path results = folder.resolve("results.jsonl");
    Run run =
        run(
            "./compare",
            folder.toString(),
            "--suites",
            "latency,startup",
            "--out",
            results.toString());
    assertThat(run.exit).isEqualTo(1);
    assertThat(run.said.lines().filter(line -> line.startsWith("turn ")))
        .containsExactly(
            "turn kafka3 1 1",
            "turn kafka4 1 1",
            "turn ours 1 1",
            "turn kafka4 1 1",
            "turn ours 1 1",
            "turn kafka3 1 1",
            "turn ours 1 1",
            "turn kafka3 1 1",
            "turn kafka4 1 1");
    assertThat(run.said).contains("adapter ours", "compare: failed: latency;");
  }

  /** A harness of peers that are reached through an adapter, each by its name. */
  private static final String ADAPTED =
      """
      import json, os
      TMP = os.environ["TMPDIR"]
      class Kafka:
          def __init__(self, name): self.name, self.version = name, "local"
          def start(self, brokers): pass
          def stop(self): print("stopped", self.name, flush=True)
          def bootstrap(self): return self.name
          def pids(self): return [1]
      class External(Kafka): pass
      def boost(): pass
      def proc_cpu(pid): return 1.0
      def proc_rss_mb(pid): return 300.0
      def peers(names): return [External(n) for n in names.split(",")]
      class Out:
          def __init__(self, path): self.file = open(path, "a")
          def put(self, **result): print(json.dumps(result), file=self.file, flush=True)
      """;

  private static final String ADAPTER =
      """
      #!/bin/sh
      case $* in
        *broker://bad*) echo "no group formed" >&2; exit 1 ;;
        *"--groups 7"*) echo '{"groups":7,"assigned_ms":1200,"each_assigned_ms":{"median":900},"left_ms":50,'\\
      '"steady_requests_per_s":2.5,"steady_from_ms":0,"steady_to_ms":0}' ;;
      esac
      """;

  @Test
  void measuresTheOtherPeersWhenOneFailsAndTellsWhatFailed() throws Exception {
    Files.writeString(folder.resolve("bench.py"), ADAPTED);
    Path adapter = Files.writeString(folder.resolve("adapter"), ADAPTER);
    assertThat(adapter.toFile().setExecutable(true)).isTrue();
    Run run =
        run(
            "env",
            "BENCH_OURS=" + adapter,
            "./compare",
            folder.toString(),
            "--suites=manygroups",
            "--groups=7",
            "--peers=bad,ours",
            "--reps=2",
            "--out=" + folder.resolve("results.jsonl"));
    assertThat(run.exit).as(run.said).isEqualTo(1);
    assertThat(run.said)
        .contains("compare: failed: many groups bad: ", "no group formed", "stopped bad")
        .contains("| 7 | **Millrace** | 2 | 1200 |  | 2.50 | - | 300 | 50.0 |");
  }

  @Test
  void refusesAProtocolThatNobodyHas() throws Exception {
    Run run = run("./compare", folder.toString(), "--protocols", "consumer,raft");
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.said).contains("no protocol raft; there are eager, cooperative, consumer");
    run = run("./compare", folder.toString(), "--protocols", "consumer");
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.said)
        .contains("kafka3 has none of --protocols consumer, but eager, cooperative");
  }

  @Test
  void refusesASuiteThatIsNotThere() throws Exception {
    Run run = run("./compare", folder.toString(), "--suites", "speed");
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.said).contains("no suite speed; there are throughput, latency");
  }

  @Test
  void saysWhereItLookedForAHarness() throws Exception {
    Run run = run("./compare", folder.toString());
    assertThat(run.exit).isEqualTo(1);
    assertThat(run.said).contains("no bench.py in " + folder);
  }

  @Test
  void theAdapterTellsItsVerbs() throws Exception {
    Run run = run("./ours");
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.said)
        .contains("prepare DIR", "create-topic", "pingpong", "probe", "group [OPTION");
  }

  /** Who takes over from a leader that is gone needs so long there. */
  private static final int PRETENDED_MILLIS = 300;

  @Test
  void failoverTellsForHowLongNobodyAcknowledgedWhenTheLeaderWent() throws Exception {
    Run run = run("./failover", "--dist", "src/test/resources/dist", "--events", "2");
    assertThat(run.exit).as(run.said).isZero();
    List<String[]> events =
        run.said
            .lines()
            .map(line -> line.strip().split(" +", -1))
            .filter(words -> words[0].matches("\\d"))
            .toList();
    assertThat(events).extracting(words -> words[1]).containsExactly("kill", "stop");
    assertThat(events)
        .allSatisfy(
            words ->
                assertThat(Integer.parseInt(words[2])).isGreaterThanOrEqualTo(PRETENDED_MILLIS));
    assertThat(run.said.lines().filter(line -> line.startsWith("kill, gap")))
        .singleElement()
        .asString()
        .endsWith(" " + events.get(0)[2]);
    assertThat(folder.toFile().list((parent, name) -> name.startsWith("failover-"))).isEmpty();
  }

  @Test
  void failoverFailsAndKeepsLogsWhenARecordFailed() throws Exception {
    Run run =
        run("env", "FAILS=1", "./failover", "--dist", "src/test/resources/dist", "--events", "1");
    assertThat(run.exit).as(run.said).isEqualTo(1);
    assertThat(run.said).contains(" broken", "logs and data: " + folder.resolve("failover-"));
  }

  @Test
  void failoverSaysWhereItLookedForMillrace() throws Exception {
    Run run = run("./failover", "--dist", folder.toString());
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.said).contains("no bin/millrace in " + folder.toRealPath());
  }

  @Test
  void failoverRefusesAnEventItDoesNotKnow() throws Exception {
    Run run = run("./failover", "--kinds", "kill,pause");
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.said).contains("--kinds some of kill,stop");
  }

  private static final List<String> SHORT_SOAK =
      List.of(
          "./soak",
          "--dist",
          "src/test/resources/dist",
          "--minutes",
          "3",
          "--slice",
          "1",
          "--warm",
          "1",
          "--settle",
          "0");

  @Test
  void soakLoadsAsMuchAsItWasToldOfTheCapacityAndTellsWhetherThingsGrow() throws Exception {
    Run run = run(SHORT_SOAK.toArray(String[]::new));
    assertThat(run.exit).as(run.said).isZero();
    Matcher capacity = Pattern.compile("small (\\d+), large \\d+; load.* 70 %").matcher(run.said);
    assertThat(capacity.find()).as(run.said).isTrue();
    Matcher sent = Pattern.compile("producers: small (\\d+) records/s, 0 failed").matcher(run.said);
    assertThat(sent.find()).as(run.said).isTrue();
    assertThat(Double.parseDouble(sent.group(1)))
        .isCloseTo(Double.parseDouble(capacity.group(1)) * 0.7, within(2.0));
    assertThat(run.said.lines().filter(line -> line.matches("[123] .*"))).hasSize(3);
    assertThat(run.said)
        .containsPattern("heap +60.00 +60.00 +1.00")
        .containsPattern("handles +300");
    assertThat(folder.toFile().list((parent, name) -> name.startsWith("soak-"))).isEmpty();
  }

  @Test
  void soakFailsWhenARecordFailed() throws Exception {
    List<String> failing = new ArrayList<>(List.of("env", "FAILS=at-once"));
    failing.addAll(SHORT_SOAK);
    Run run = run(failing.toArray(String[]::new));
    assertThat(run.exit).as(run.said).isEqualTo(1);
    assertThat(run.said).contains(" broken", "logs and data: " + folder.resolve("soak-"));
  }

  private static final List<String> SHORT_COLD_READER =
      List.of(
          "./cold-reader",
          "--dist",
          "src/test/resources/dist",
          "--log",
          "1",
          "--warm",
          "1",
          "--rates",
          "100",
          "--rounds",
          "1",
          "--seconds",
          "1",
          "--lead",
          "0.2");

  @Test
  void coldReaderComparesWithWhatProducersWaitForAlone() throws Exception {
    Path results = folder.resolve("results.jsonl");
    List<String> command = new ArrayList<>(SHORT_COLD_READER);
    command.addAll(
        List.of("--memory", "0", "--scenes", "alone,warm,cold,cat", "--out", results.toString()));
    Run run = run(command.toArray(String[]::new));
    assertThat(run.exit).as(run.said).isZero();
    assertThat(run.said)
        .containsPattern("100 +alone +1 +1 +1 +1 ")
        .containsPattern("100 +cold +3 +3 +3 +3 ");
    assertThat(Files.readAllLines(results)).hasSize(4);
    assertThat(folder.toFile().list((parent, name) -> name.startsWith("cold-reader-"))).isEmpty();
  }

  @Test
  void coldReaderFailsWhenARecordFailed() throws Exception {
    List<String> failing = new ArrayList<>(List.of("env", "FAILS=1"));
    failing.addAll(SHORT_COLD_READER);
    failing.addAll(List.of("--memory", "0"));
    Run run = run(failing.toArray(String[]::new));
    assertThat(run.exit).as(run.said).isEqualTo(1);
    assertThat(run.said).contains("broken", "logs and data: " + folder.resolve("cold-reader-"));
  }

  @Test
  void coldReaderSaysThatItCannotLimitMemory() throws Exception {
    Run run =
        run(
            "./cold-reader",
            "--dist",
            "src/test/resources/dist",
            "--cgroups",
            folder.toRealPath().toString());
    assertThat(run.exit).as(run.said).isEqualTo(2);
    assertThat(run.said).contains(folder.toRealPath() + " has no controller of memory");
  }

  private Run connections(String... more) throws Exception {
    Path jcmd = folder.resolve("jcmd");
    Files.writeString(jcmd, "#!/bin/sh\necho ' garbage-first heap   total 9000K, used 5000K'\n");
    assertThat(jcmd.toFile().setExecutable(true)).isTrue();
    List<String> command =
        new ArrayList<>(
            List.of(
                "env",
                "PATH=" + folder + ":" + System.getenv("PATH"),
                "./connections",
                "--dist",
                "src/test/resources/dist",
                "--connections",
                "20,40",
                "--seconds",
                "1",
                "--warm",
                "0.1",
                "--idle",
                "0.1"));
    command.addAll(List.of(more));
    return run(command.toArray(String[]::new));
  }

  @Test
  void connectionsAreOpenedUntilTheBrokerRefusesThem() throws Exception {
    Run run = connections();
    assertThat(run.exit).as(run.said).isZero();
    assertThat(run.said)
        .containsPattern(" 20 +idle ")
        .containsPattern(" 40 +fetch ")
        .containsPattern(" 140 +limit .* 50\n")
        .contains("\"told\": \"taken\"");
    assertThat(folder.toFile().list((parent, name) -> name.startsWith("connections-"))).isEmpty();
  }

  @Test
  void connectionsFailsWhereOneIsRefusedBelowTheLimit() throws Exception {
    Run run = connections("--limit", "30");
    assertThat(run.exit).as(run.said).isEqualTo(1);
    assertThat(run.said).contains("of 40 connections 10 were refused and 0 closed: ['taken']");
  }

  private Run watchers(String environment) throws Exception {
    return run(
        "env",
        "LED=1000",
        environment,
        "./watchers",
        "--dist",
        "src/test/resources/dist",
        "--partitions",
        "1000",
        "--clients",
        "2",
        "--idle",
        "0.2",
        "--event",
        "0.2");
  }

  @Test
  void watchersTellsWhatEachEventCostsZooKeeperWithAndWithoutClients() throws Exception {
    Run run = watchers("A=B");
    assertThat(run.exit).as(run.said).isZero();
    for (String kind : List.of("none", "zookeeper", "broker")) {
      for (String event : List.of("begin", "idle", "alter", "grow", "stop", "start")) {
        assertThat(run.said).containsPattern(" *" + kind + " +" + event + " +[0-9.]+ +2 .* 5 ");
      }
    }
    assertThat(folder.toFile().list((parent, name) -> name.startsWith("watchers-"))).isEmpty();
  }

  @Test
  void watchersFailsWhenItsClientsDo() throws Exception {
    Run run = watchers("FAILS=1");
    assertThat(run.exit).as(run.said).isEqualTo(1);
    assertThat(run.said)
        .contains("watch ended by itself with 1", "logs and data: " + folder.resolve("watchers-"));
  }

  /** What a harness needs for levels of durability; a peer's rate is the length of its level. */
  private static final String LEVELS =
      """
          def create_topic(self, t, parts, rf=1, min_isr=1): print("topic", self.name, rf, min_isr, flush=True)
          def delete_topic(self, t): pass
          def produce(self, t, size, n, acks, batch=None, linger=None, comp="none"):
              level = os.environ["MILLRACE_BENCH_DURABILITY"]
              return {"rec_s": 1000.0 * len(level), "mib_s": 1.0, "client_cpu_s": 1.0}
          def e2e(self, t, rate, secs, warm, size, acks, linger):
              return {"ack": {"p50_us": 100, "p99_us": 200, "p999_us": 300}}
      def wl(s):
          a = s.split(":")
          return dict(size=int(a[0]), n=int(a[1]), parts=int(a[2]), batch=None, linger=None, comp=a[6])
      def measure(p, fn): return dict(fn(), broker_cpu_s=1.0, broker_rss_mb=1.0, other_cpus=0.0)
      """;

  @Test
  void measuresEachLevelOfDurabilityOnAsManyReplicasAsAsked() throws Exception {
    Files.writeString(
        folder.resolve("bench.py"),
        ADAPTED.replace("class External(Kafka): pass\n", LEVELS + "class External(Kafka): pass\n"));
    Run run =
        run(
            "./compare",
            folder.toString(),
            "--suites=durability",
            "--peers=kafka4,ours",
            "--replicas=1,3",
            "--quick",
            "--out=" + folder.resolve("results.jsonl"));
    assertThat(run.exit).as(run.said).isZero();
    assertThat(run.said.lines().filter(line -> line.startsWith("topic ")))
        .containsExactly(
            "topic kafka4 1 1",
            "topic ours 1 1",
            "topic ours 1 1",
            "topic kafka4 3 2",
            "topic kafka4 3 2",
            "topic ours 3 2",
            "topic ours 3 2",
            "topic ours 3 2");
    assertThat(run.said)
        .contains(
            "| 1, standard, produce 1024 B, defaults, 1 partition(s) | **Millrace** | 1 | 8.00 |")
        .contains("| 3, synced | **Millrace** | 1 | 0.10 |  | 0.20 | 0.30 |")
        .contains("| 3, leader | Kafka local | 1 | 0.10 | 1.00 |");
  }

  private record Run(int exit, String said) {}

  private Run run(String... command) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("BENCH_"));
    builder.environment().put("TMPDIR", folder.toString());
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Run(process.waitFor(), said);
  }
}
