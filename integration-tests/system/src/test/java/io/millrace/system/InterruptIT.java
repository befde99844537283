package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C and SIGTERM at every command that lasts: what it says, and that nothing stays behind. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class InterruptIT {
  private static final int INTERRUPTED = 130;
  private static final int TERMINATED = 143;

  @TempDir Path dir;
  private Servers servers;

  @BeforeEach
  void prepare() {
    servers = new Servers(dir);
  }

  @AfterEach
  void endAll() {
    servers.close();
  }

  @Test
  @DisplayName("B68: what waits, what works and what serves ends at once and leaves nothing behind")
  void b68_everyCommandEndsAtOnceAndLeavesNothingBehind() throws IOException {
    whatWaitsForAZooKeeperThatDoesNotAnswerEnds();
    // Nothing of it is left that the next start would stumble over.
    MillraceProcess zooKeeper = servers.zooKeeper();
    MillraceProcess one = servers.start(1);
    MillraceProcess other = servers.start(2);
    Servers.awaitReady(one);
    Servers.awaitReady(other);
    clientCommandsEndWholeAndLeaveNoSession();
    serversStopCleanlyAndLeaveNoLiveNode(zooKeeper, one, other);
  }

  private void whatWaitsForAZooKeeperThatDoesNotAnswerEnds() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String cluster = "127.0.0.1:" + silent.getLocalPort() + "/millrace";
      MillraceProcess list =
          servers.remember(MillraceProcess.start(dir, "topic", "list", "--cluster", cluster));
      MillraceProcess produce =
          servers.remember(MillraceProcess.start(dir, "produce", "notes", "--cluster", cluster));
      MillraceProcess broker = servers.start(1, "cluster=" + cluster);
      // Each of them has connected, so each of them waits.
      for (int i = 0; i < 3; i++) {
        silent.accept();
      }
      for (MillraceProcess waiting : List.of(list, produce, broker)) {
        assertThat(waiting.interrupt()).as(waiting.describe()).isEqualTo(INTERRUPTED);
        assertThat(waiting.out()).isEmpty();
        assertThat(waiting.err()).doesNotContain("\tat ");
      }
    }
    assertNothingTemporary();
  }

  private void clientCommandsEndWholeAndLeaveNoSession() throws IOException {
    servers.run("topic", "create", "notes", "--partitions", "1", "--replicas", "1");
    Set<String> sessionsBefore = sessions();

    MillraceProcess follow = servers.begin("consume", "notes", "--from", "earliest");
    MillraceProcess tail = servers.begin("consume", "notes", "--from", "earliest");
    MillraceProcess produce = servers.begin("produce", "notes");
    try (Writer writer = new OutputStreamWriter(produce.input(), StandardCharsets.UTF_8)) {
      writer.write("one\ntwo\nthree");
      writer.flush();
      follow.awaitLines(2);
      tail.awaitLines(2);
      // Its input is open and the last line without its end.
      assertThat(produce.interrupt()).as(produce.describe()).isEqualTo(INTERRUPTED);
    }
    assertThat(produce.err()).contains("sent 2 records").contains("2 acknowledged");
    assertThat(follow.interrupt()).as(follow.describe()).isEqualTo(INTERRUPTED);
    assertThat(tail.stop()).as(tail.describe()).isEqualTo(TERMINATED);
    for (MillraceProcess consume : List.of(follow, tail)) {
      assertThat(consume.out()).isEqualTo("one\ntwo\n");
      assertThat(consume.err()).isEmpty();
    }
    assertThat(produce.err()).doesNotContain("\tat ").doesNotContain("Exception");
    assertThat(sessions()).as("sessions in ZooKeeper").isEqualTo(sessionsBefore);
  }

  private void serversStopCleanlyAndLeaveNoLiveNode(
      MillraceProcess zooKeeper, MillraceProcess interrupted, MillraceProcess terminated)
      throws IOException {
    assertThat(servers.zooKeeperSessions()).contains("/brokers/live/1", "/brokers/live/2");
    assertThat(interrupted.interrupt()).as(interrupted.describe()).isEqualTo(INTERRUPTED);
    assertThat(servers.zooKeeperSessions()).doesNotContain("/brokers/live/1");
    assertThat(terminated.stop()).as(terminated.describe()).isEqualTo(TERMINATED);
    assertThat(servers.zooKeeperSessions()).doesNotContain("/brokers/live/");
    assertThat(sessions()).isEmpty();
    for (MillraceProcess broker : List.of(interrupted, terminated)) {
      assertThat(broker.err()).doesNotContain("\tat ").doesNotContain("ERROR");
    }
    assertThat(servers.data(1).resolve("clean-shutdown")).exists();
    assertThat(servers.data(2).resolve("clean-shutdown")).exists();

    assertThat(zooKeeper.interrupt()).as(zooKeeper.describe()).isEqualTo(INTERRUPTED);
    assertThat(zooKeeper.err()).doesNotContain("\tat ").doesNotContain("ERROR");
    assertNothingTemporary();
  }

  @Test
  @DisplayName("B68: dev ends as a whole")
  void b68_devEndsAsAWhole() throws IOException {
    Path data = dir.resolve("data");
    MillraceProcess dev =
        servers.remember(
            MillraceProcess.start(
                dir, "dev", "--dir", data.toString(), "--port", "0", "--zk-port", "0"));
    DevIT.awaitReady(dev);
    assertThat(dev.children()).isEmpty();
    assertThat(dev.interrupt()).as(dev.describe()).isEqualTo(INTERRUPTED);
    assertThat(dev.err()).doesNotContain("\tat ").doesNotContain("ERROR");
    assertThat(data.resolve("broker-1/clean-shutdown")).exists();
    assertNothingTemporary();
  }

  private Set<String> sessions() {
    // The list of sessions comes before the list of their nodes.
    String dump = servers.zooKeeperSessions().split("ephemeral nodes dump", 2)[0];
    Set<String> sessions = new TreeSet<>();
    Matcher matcher = Pattern.compile("0x[0-9a-f]+").matcher(dump);
    while (matcher.find()) {
      sessions.add(matcher.group());
    }
    return sessions;
  }

  private void assertNothingTemporary() throws IOException {
    try (Stream<Path> left = Files.list(MillraceProcess.temporary(dir))) {
      assertThat(left.toList()).as("temporary files").isEmpty();
    }
  }
}
