package io.millrace.dist;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.Endpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BrokerCommandTest {
  @TempDir Path directory;

  @Test
  void runsAgainstAZooKeeperUntilItIsInterruptedAndAgain() throws Exception {
    try (EmbeddedZooKeeper zooKeeper = startZooKeeper()) {
      for (int life = 1; life <= 2; life++) {
        ServerCommandRun run = new ServerCommandRun();
        CompletableFuture<Integer> end = run.start(command(zooKeeper, "data"));
        assertThat(run.stdout())
            .matches(
                "ready cluster="
                    + zooKeeper.address()
                    + "/test broker=1 client=127.0.0.1:[1-9][0-9]* internal=127.0.0.1:[1-9][0-9]*"
                    + " metrics=127.0.0.1:[1-9][0-9]* pid=[0-9]+\n");
        run.interrupt();
        assertThat(end.join()).isZero();
        assertThat(directory.resolve("data/clean-shutdown")).exists();
      }
    }
  }

  @Test
  void b64_b65_endsWith4WhereTheDirectoryOrTheIdBelongsToAnother() throws Exception {
    try (EmbeddedZooKeeper zooKeeper = startZooKeeper()) {
      ServerCommandRun first = new ServerCommandRun();
      CompletableFuture<Integer> end = first.start(command(zooKeeper, "data"));

      assertEndsWith(4, "data", command(zooKeeper, "data"));
      assertEndsWith(4, "1", command(zooKeeper, "other"));
      Files.writeString(directory.resolve("file"), "");
      assertEndsWith(4, "file", command(zooKeeper, "file"));

      first.interrupt();
      assertThat(end.join()).isZero();
      assertEndsWith(4, "broker", command(zooKeeper, "data", "broker.id=2"));
      assertEndsWith(
          4, "cluster", command(zooKeeper, "data", "cluster=" + zooKeeper.address() + "/another"));
    }
  }

  @Test
  void endsWith3WhenZooKeeperDoesNotAnswer() throws IOException {
    int free;
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = probe.getLocalPort();
    }
    ServerCommandRun run = new ServerCommandRun();
    int exit =
        run.exec(
            "broker",
            "--config",
            config("").toString(),
            "--set",
            "data.directory=" + directory.resolve("data"),
            "--set",
            "cluster=127.0.0.1:" + free + "/test",
            "--set",
            "cluster.connect.timeout.ms=500");
    assertThat(exit).isEqualTo(3);
    assertThat(run.stderr()).contains("ZooKeeper at 127.0.0.1:" + free + "/test").hasLineCount(1);
  }

  @Test
  void b66_endsWith1WhenItsPortIsTaken() throws Exception {
    try (EmbeddedZooKeeper zooKeeper = startZooKeeper();
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + taken.getLocalPort();
      assertEndsWith(1, address, command(zooKeeper, "data", "listener.client=" + address));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "retention=-2, unknown key retention",
    "request.max.bytes=10GB, request.max.bytes=10GB",
    "request.max.bytes=NaN, request.max.bytes=NaN",
    "request.max.bytes=18446744073709551616, request.max.bytes=18446744073709551616",
    "broker.id=-1, broker.id=-1",
    "listener.client=127.0.0.1:-1, listener.client=127.0.0.1:-1",
    "listener.client=127.0.0.1:70000, listener.client=127.0.0.1:70000",
    "listener.client=0.0.0.0:7272, 0.0.0.0",
    "listener.client.advertised=0.0.0.0:1, 0.0.0.0",
    "listener.internal=127.0.0.1:7272, are the same address",
    "cluster=, cluster"
  })
  void b63_b66_b67_refusesAWrongSettingNamingItAndEndsWith2(String setting, String named)
      throws IOException {
    for (boolean inFile : new boolean[] {true, false}) {
      Path config = config(inFile ? setting : "");
      List<String> args = new ArrayList<>(List.of("broker", "--config", config.toString()));
      if (!inFile) {
        args.addAll(List.of("--set", setting));
      }
      ServerCommandRun run = new ServerCommandRun();
      assertThat(run.exec(args.toArray(new String[0]))).as(setting).isEqualTo(2);
      assertThat(run.stderr()).startsWith("millrace: ").contains(named).doesNotContain("\tat ");
    }
  }

  @Test
  void b63_takesTheEnvironmentOverTheFileAndRefusesItTooWhenItIsWrong() throws IOException {
    ServerCommandRun run = new ServerCommandRun(Map.of("MILLRACE_BROKER_ID", "minus one"));
    assertThat(run.exec("broker", "--config", config("broker.id=1").toString())).isEqualTo(2);
    assertThat(run.stderr()).contains("MILLRACE_BROKER_ID");
  }

  @Test
  void b70_refusesAConfigurationThatIsNotPlainText() throws IOException {
    assertRefused("caf\u00e9=1".getBytes(StandardCharsets.ISO_8859_1), "UTF-8");
    assertRefused("\ufeffbroker.id=1".getBytes(StandardCharsets.UTF_8), "byte order mark");
    assertRefused(new byte[100 << 20], "longer than");
    assertRefused("include other".getBytes(StandardCharsets.UTF_8), "include");
    ServerCommandRun missing = new ServerCommandRun();
    assertThat(missing.exec("broker", "--config", "no/such/file")).isEqualTo(2);
    assertThat(missing.stderr())
        .isEqualTo("millrace: no/such/file: no such file; name another with --config\n");
  }

  private void assertRefused(byte[] content, String reason) throws IOException {
    Path file = Files.write(directory.resolve("broker.properties"), content);
    ServerCommandRun run = new ServerCommandRun();
    assertThat(run.exec("broker", "--config", file.toString())).isEqualTo(2);
    assertThat(run.stderr()).contains(reason);
  }

  private static void assertEndsWith(int exit, String named, String[] args) {
    ServerCommandRun run = new ServerCommandRun();
    assertThat(run.exec(args)).as(run.stderr()).isEqualTo(exit);
    assertThat(run.stdout()).isEmpty();
    assertThat(run.stderr()).startsWith("millrace: ").contains(named).hasLineCount(1);
  }

  private EmbeddedZooKeeper startZooKeeper() throws IOException {
    return EmbeddedZooKeeper.startAlone(directory.resolve("zk"), new Endpoint("127.0.0.1", 0));
  }

  private String[] command(EmbeddedZooKeeper zooKeeper, String data, String... settings)
      throws IOException {
    List<String> args = new ArrayList<>(List.of("broker", "--config", config("").toString()));
    List<String> all =
        new ArrayList<>(
            List.of(
                "data.directory=" + directory.resolve(data),
                "listener.internal=127.0.0.1:0",
                "listener.client=127.0.0.1:0",
                "listener.metrics=127.0.0.1:0",
                "cluster=" + zooKeeper.address() + "/test"));
    for (String setting : settings) {
      all.removeIf(other -> other.startsWith(setting.substring(0, setting.indexOf('=') + 1)));
      all.add(setting);
    }
    all.forEach(setting -> args.addAll(List.of("--set", setting)));
    return args.toArray(new String[0]);
  }

  private Path config(String line) throws IOException {
    return Files.writeString(Files.createTempFile(directory, "broker", ".properties"), line);
  }
}
