package io.millrace.dist;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.examples.ConsumerExample;
import io.millrace.examples.ProducerExample;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line against a cluster in this process: real sockets, real files, ZooKeeper. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WholeClusterTest {
  private final ServerCommandRun dev = new ServerCommandRun();
  private Path directory = Path.of("");
  private String cluster = "";
  private CompletableFuture<Integer> end = new CompletableFuture<>();

  @BeforeAll
  void startCluster(@TempDir Path folder) throws Exception {
    directory = folder;
    end = dev.start("dev", "--dir", folder.toString(), "--port", "0", "--zk-port", "0");
    assertThat(dev.stdout()).as(dev.stderr()).startsWith("ready cluster=");
    cluster = dev.stdout().substring("ready cluster=".length(), dev.stdout().indexOf(" brokers="));
  }

  @AfterAll
  void stopCluster() {
    dev.interrupt();
    assertThat(end.join()).isZero();
  }

  private ServerCommandRun with() {
    return new ServerCommandRun(Map.of("MILLRACE_CLUSTER", cluster));
  }

  private ServerCommandRun done(String... args) {
    ServerCommandRun run = with();
    assertThat(run.exec(args)).as(String.join(" ", args) + "\n" + run.stderr()).isZero();
    return run;
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "zstd"})
  void givesBackTheSameBytesForLinesOfEveryKind(String compression) throws IOException {
    byte[] input = everyShortLineAndSomeLongOnes();
    String topic = "bytes-" + compression;
    ServerCommandRun produce = with().input(input);
    assertThat(produce.exec("produce", topic, "--compression", compression)).isZero();
    assertThat(produce.stderr()).matches("sent ([0-9,]+) records \\(.*\\), \\1 acknowledged .*\n");
    ServerCommandRun consume = done("consume", topic, "--from", "earliest", "--until-end");
    assertThat(consume.bytesOut()).isEqualTo(input);
  }

  private static byte[] everyShortLineAndSomeLongOnes() throws IOException {
    byte[] alphabet = {'x', '\r', 0, (byte) 0xff, (byte) 0xc3, ' '};
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    for (int length = 0; length <= 4; length++) {
      for (int number = 0; number < Math.pow(alphabet.length, length); number++) {
        for (int i = 0, rest = number; i < length; i++, rest /= alphabet.length) {
          lines.write(alphabet[rest % alphabet.length]);
        }
        lines.write('\n');
      }
    }
    Random random = new Random(5);
    for (int size : new int[] {1 << 10, 65_535, 65_536, 65_537, 300_000, 1_000_000}) {
      byte[] line = new byte[size];
      random.nextBytes(line);
      for (int i = 0; i < size; i++) {
        line[i] = line[i] == '\n' ? 0 : line[i];
      }
      lines.write(line);
      lines.write('\n');
    }
    return lines.toByteArray();
  }

  @Test
  void saysWhichRecordIsTooLargeAndWritesTheOthers() {
    ServerCommandRun produce =
        with().input(("small\n" + "x".repeat(3 << 20) + "\nlast\n").getBytes(UTF_8));
    assertThat(produce.exec("produce", "large")).isEqualTo(1);
    assertThat(produce.stderr()).contains("failed: ", "2 acknowledged, 1 FAILED");
    assertThat(done("consume", "large", "--from", "earliest", "--until-end").stdout())
        .isEqualTo("small\nlast\n");
  }

  @Test
  void keepsKeysHeadersPartitionsAndTimes() {
    done("topic", "create", "keyed", "--partitions", "3");
    ServerCommandRun produce = with().input("a:1\nb:2\na:3\n".getBytes(UTF_8));
    assertThat(
            produce.exec(
                "produce", "keyed", "--key-delimiter", ":", "--headers", "h=v", "--acks", "1"))
        .isZero();
    ServerCommandRun all =
        done("consume", "keyed", "--from", "1h", "--until-end", "--format", "%p %k=%v %h\\n");
    assertThat(all.stdout().lines()).hasSize(3).allMatch(line -> line.endsWith(" h=v"));
    String partition = all.stdout().lines().filter(l -> l.contains("a=1")).findFirst().orElse("");
    assertThat(all.stdout()).contains(partition.charAt(0) + " a=3 h=v");
    assertThat(done("consume", "keyed", "--until-end", "--from", "@99999999999999").stdout())
        .isEmpty();
    ServerCommandRun json =
        done(
            "consume",
            "keyed",
            "--from=earliest",
            "--until-end",
            "--output=json",
            "--partition=" + partition.charAt(0));
    assertThat(json.stdout())
        .contains("\"key\":\"a\",\"value\":\"1\",\"headers\":[{\"name\":\"h\"");
  }

  @Test
  void doesNotAskForAnAcknowledgementWithAcks0() {
    ServerCommandRun produce = with().input("x\n".getBytes(UTF_8));
    assertThat(produce.exec("produce", "fire", "--acks", "0")).isZero();
    assertThat(produce.stderr()).contains("sent 1 record (1 B), no acknowledgement asked for");
  }

  @Test
  void showsTopicsAndTheCluster() {
    done("topic", "create", "shown", "--partitions", "2", "--set", "durability=leader");
    assertThat(done("topic", "list", "-o", "name").stdout().lines()).contains("shown");
    assertThat(done("topic", "describe", "shown").stdout())
        .containsPattern("durability +leader +topic")
        .contains("\n        1       1 ");
    assertThat(done("cluster").stdout()).contains("healthy: 1 broker");
    done("topic", "delete", "shown", "--yes");
    assertThat(with().exec("topic", "describe", "shown")).isEqualTo(3);
    assertThat(with().exec("topic", "delete", "shown", "--yes")).isEqualTo(3);
  }

  static Stream<String> badNames() {
    return Stream.of(
        ".",
        "..",
        "",
        "x".repeat(201),
        "a/b",
        "a\\b",
        "../../x",
        "a\0b",
        "%2e%2e",
        "a\nb",
        "\ud83d\ude00",
        "a\u200fb",
        "\u00e4",
        "e\u0301");
  }

  @ParameterizedTest
  @MethodSource("badNames")
  void b58_b60_refusesANameThatIsNoneBeforeAnythingIsBuiltOfIt(String name) throws IOException {
    for (String[] command :
        new String[][] {
          {"topic", "create", name}, {"produce", name}, {"topic", "delete", name, "--yes"}
        }) {
      ServerCommandRun run = with().input("x\n".getBytes(UTF_8));
      assertThat(run.exec(command)).as(String.join(" ", command)).isIn(2, 3);
      assertThat(run.stderr()).startsWith("millrace: ").hasLineCount(1);
      assertThat(run.stderr().strip()).doesNotContain("\0", "\u200f");
    }
    assertThat(directory.resolve("../x")).doesNotExist();
    try (var folders = Files.list(directory.resolve("broker-1"))) {
      assertThat(folders.map(path -> path.getFileName().toString()))
          .noneMatch(folder -> folder.startsWith("%") || folder.startsWith("a"));
    }
  }

  @Test
  void b59_refusesANameThatDiffersOnlyInDotAndUnderscore() {
    done("topic", "create", "dot.ted");
    ServerCommandRun run = with();
    // A wrong name, or one that conflicts: the cluster's choice.
    assertThat(run.exec("topic", "create", "dot_ted")).isIn(2, 4);
    assertThat(run.stderr()).contains("dot.ted");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"--partitions=0", "--partitions=-1", "--partitions=1000000", "--replicas=0"})
  void b61_refusesNumbersThatCannotBe(String option) {
    ServerCommandRun run = with();
    assertThat(run.exec("topic", "create", "numbers", option)).isEqualTo(2);
    assertThat(with().exec("topic", "describe", "numbers")).isEqualTo(3);
  }

  @Test
  void b61_refusesMoreReplicasThanThereAreBrokers() {
    ServerCommandRun run = with();
    assertThat(run.exec("topic", "create", "copies", "--replicas", "2")).isEqualTo(1);
    assertThat(run.stderr()).contains("2 replicas need as many live brokers, there are 1");
  }

  @Test
  void b63_refusesATopicSettingThatIsNone() {
    for (String setting : new String[] {"retention=-2", "durability=total"}) {
      ServerCommandRun run = with();
      assertThat(run.exec("topic", "create", "settings", "--set", setting)).isEqualTo(2);
      assertThat(run.stderr()).contains(setting.substring(0, setting.indexOf('=')));
    }
  }

  @Test
  void runsTheProgramsOfTheReadme() {
    ProducerExample.main(new String[] {cluster});
    ConsumerExample.main(new String[] {cluster});
    assertThat(done("consume", "greetings", "--from", "1000", "--max", "1").stdout())
        .isEqualTo("good bye\n");
  }

  @Test
  void looksAtTheFilesWithoutTheBroker() throws IOException {
    assertThat(with().input("a\nb\n".getBytes(UTF_8)).exec("produce", "files")).isZero();
    Path data = directory.resolve("broker-1");
    assertThat(done("log", "verify", data.toString()).stdout()).endsWith("no damage\n");
    Path partition;
    try (var folders = Files.list(data)) {
      partition =
          folders
              .filter(p -> p.getFileName().toString().startsWith("files~"))
              .findFirst()
              .orElseThrow();
    }
    assertThat(done("log", "dump", "--records", partition.toString()).stdout())
        .contains("00000000000000000000.log size=", "offsets=0..");
    assertThat(with().exec("log", "dump", directory.resolve("nothing").toString())).isEqualTo(3);
    assertThat(with().exec("log", "dump", data.resolve("meta.properties").toString())).isEqualTo(2);

    Path copy = directory.resolve("copy");
    Files.createDirectories(copy);
    byte[] log = Files.readAllBytes(partition.resolve("00000000000000000000.log"));
    log[log.length / 2] ^= 1;
    Path damaged = Files.write(copy.resolve("00000000000000000000.log"), log);
    ServerCommandRun verify = with();
    verify.exec("log", "verify", damaged.toString());
    assertThat(verify.stdout()).containsAnyOf("DAMAGE", "REPAIRABLE");
  }
}
