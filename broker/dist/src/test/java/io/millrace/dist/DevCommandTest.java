package io.millrace.dist;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevCommandTest {
  @TempDir Path directory;

  @Test
  void startsAClusterTellsWhatToTryAndKeepsItsIdentity() throws Exception {
    String first = runOnce("--brokers", "2");
    assertThat(first)
        .matches(
            """
            ready cluster=127.0.0.1:(\\d+)/millrace brokers=127.0.0.1:\\d+,127.0.0.1:\\d+ metrics=127.0.0.1:\\d+,127.0.0.1:\\d+ pid=\\d+
            try: millrace produce notes FILE --cluster 127.0.0.1:\\1/millrace
                 millrace consume notes --from earliest --cluster 127.0.0.1:\\1/millrace
            """);
    assertThat(directory.resolve("broker-2/clean-shutdown")).exists();
    runOnce("--brokers", "2");
  }

  private String runOnce(String... options) throws Exception {
    ServerCommandRun run = new ServerCommandRun();
    CompletableFuture<Integer> end = run.start(arguments("0", "0", options));
    assertThat(run.stdout()).as(run.stderr()).startsWith("ready ");

    ServerCommandRun second = new ServerCommandRun();
    assertThat(second.exec(arguments("0", "0"))).isEqualTo(4);
    assertThat(second.stderr()).contains(directory + " is in use by another process");

    run.interrupt();
    assertThat(end.join()).isZero();
    return run.stdout();
  }

  @Test
  void b66_saysWhichPortIsTakenAndWhatToDo() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      ServerCommandRun zooKeeper = new ServerCommandRun();
      assertThat(zooKeeper.exec(arguments("0", port))).isEqualTo(1);
      assertThat(zooKeeper.stderr())
          .contains("127.0.0.1:" + port, "choose another with --zk-port")
          .hasLineCount(1);

      ServerCommandRun broker = new ServerCommandRun();
      assertThat(broker.exec(arguments(port, "0"))).isEqualTo(1);
      assertThat(broker.stderr()).contains("127.0.0.1:" + port).hasLineCount(1);
    }
  }

  @Test
  void b66_refusesNumbersThatCannotBe() {
    assertRefused("--brokers", "0");
    assertRefused("--brokers", "101");
    assertRefused("--port", "-1");
    assertRefused("--port", "65534");
    assertRefused("--zk-port", "65536");
    assertRefused("--zk-port", "many");
  }

  private void assertRefused(String option, String value) {
    ServerCommandRun run = new ServerCommandRun();
    assertThat(run.exec("dev", "--dir", directory.toString(), option, value)).isEqualTo(2);
    assertThat(run.stderr()).contains(option);
    assertThat(directory).isEmptyDirectory();
  }

  private String[] arguments(String port, String zooKeeperPort, String... options) {
    String[] all = new String[7 + options.length];
    String[] fixed = {
      "dev", "--dir", directory.toString(), "--port", port, "--zk-port", zooKeeperPort
    };
    System.arraycopy(fixed, 0, all, 0, fixed.length);
    System.arraycopy(options, 0, all, fixed.length, options.length);
    return all;
  }
}
