package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A broker process that is told what cannot be: what a person then reads, and the exit code. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class BadSettingsIT {
  private static final int FAILED = 1;
  private static final int WRONG_SETTINGS = 2;

  @TempDir static Path dir;
  private static Servers servers;

  @BeforeAll
  static void startZooKeeper() {
    servers = new Servers(dir);
    servers.zooKeeper("tickTime=2000");
  }

  @AfterAll
  static void endAll() {
    servers.close();
  }

  @Test
  @DisplayName("B66: a listener that cannot be is refused in one line, before anything is touched")
  void b66_refusesAListenerThatCannotBe() throws IOException {
    refuses(WRONG_SETTINGS, "listener.client=127.0.0.1:-1", "port 0 to 65535");
    refuses(WRONG_SETTINGS, "listener.internal=127.0.0.1:70000", "port 0 to 65535");
    refuses(WRONG_SETTINGS, "listener.client.advertised=0.0.0.0:7272", "nobody can connect to");
    assertThat(servers.data(1)).as("refused before anything was touched").doesNotExist();

    refuses(FAILED, "listener.client=no-such-host.invalid:0", "no-such-host.invalid");
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      refuses(
          FAILED,
          "listener.client=127.0.0.1:" + taken.getLocalPort(),
          "another program is listening");
    }
    assertThat(servers.zooKeeperSessions())
        .as("none was registered")
        .doesNotContain("/brokers/live/1");
  }

  @Test
  @DisplayName("B67: time-outs that contradict each other are refused, a bent one is told")
  void b67_refusesOrTellsOfTimeOutsThatCannotBe() {
    refuses(WRONG_SETTINGS, "fetch.max.wait.ms=120001", "request.timeout.ms=120000");
    refuses(WRONG_SETTINGS, "cluster.session.timeout.ms=0", "500 to 120000 ms");

    // Less than two ticks of the ZooKeeper that is there, and more than twenty.
    MillraceProcess shorter = servers.start(2, "cluster.session.timeout.ms=1000");
    MillraceProcess longer = servers.start(3, "cluster.session.timeout.ms=60000");
    Servers.awaitReady(shorter);
    assertThat(shorter.err())
        .contains("grants a session of 4000 ms, not the 1000 ms of cluster.session.timeout.ms");
    Servers.awaitReady(longer);
    assertThat(longer.err())
        .contains("grants a session of 40000 ms, not the 60000 ms of cluster.session.timeout.ms");
    assertThat(longer.stop()).as(longer.describe()).isIn(0, 143);
    assertThat(shorter.stop()).as(shorter.describe()).isIn(0, 143);
  }

  private void refuses(int exit, String setting, String why) {
    MillraceProcess broker = servers.start(1, "insecure=true", setting);
    assertThat(broker.awaitExit()).as(broker.describe()).isEqualTo(exit);
    assertThat(broker.out()).isEmpty();
    assertThat(broker.err()).doesNotContain("\tat ").doesNotContain("Exception");
    assertThat(broker.err().lines().filter(line -> line.startsWith("millrace: ")).toList())
        .as("one line, with the setting and what is wrong with it")
        .filteredOn(line -> !line.contains("INSECURE"))
        .singleElement()
        .asString()
        .contains(setting)
        .contains(why);
  }
}
