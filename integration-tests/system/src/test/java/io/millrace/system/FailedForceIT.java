package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk whose fsync fails, as far as the kernel tells: {@code strace} answers in its place. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class FailedForceIT {
  @TempDir Path dir;

  @Test
  @DisplayName(
      "F15: a failed fsync ends the broker with the reason; what was acknowledged is there")
  void f15_aFailedForceEndsTheBrokerAndLosesNothingAcknowledged() throws Exception {
    assumeTrue(
        canInject(), "NOT CHECKED: strace cannot inject faults here (apt-get install strace)");
    try (Servers servers = new Servers(dir)) {
      servers.zooKeeper();
      MillraceProcess whole = servers.ready(1);
      servers.run(
          "topic",
          "create",
          "notes",
          "--partitions",
          "1",
          "--replicas",
          "1",
          "--set",
          "durability=synced");
      servers.runWith("before\n", "produce", "notes");
      assertThat(whole.stop()).as(whole.describe()).isIn(0, 143);

      // Segments are forced by fdatasync, one or two for each batch here; a start takes a few.
      MillraceProcess failing =
          servers.startUnder(
              List.of(
                  "strace",
                  "-f",
                  "-qq",
                  "-o",
                  dir.resolve("strace").toString(),
                  "-e",
                  "trace=fdatasync",
                  "-e",
                  "inject=fdatasync:error=EIO:when=100+"),
              1);
      Servers.awaitReady(failing);
      LoadWithLedger load = LoadWithLedger.on(new ReplicatedTopic(servers, "notes", 1), dir);
      assertThat(failing.awaitExit()).as(failing.describe()).isEqualTo(1);
      assertThat(failing.err())
          .contains("failed to keep what was written")
          .contains("Check the disk");

      // The producer goes on with the next life of the broker, and was never told a lie.
      servers.ready(1);
      load.awaitMore(LoadWithLedger.RECORDS_PER_SECOND);
      load.end();
      load.assertNothingLostTwiceOrFailed();
      assertThat(servers.run("consume", "notes", "--from", "0", "--max", "1").out())
          .isEqualTo("before\n");
    }
  }

  private static boolean canInject() throws InterruptedException {
    try {
      return new ProcessBuilder(
                  "strace",
                  "-f",
                  "-qq",
                  "-e",
                  "trace=fdatasync",
                  "-e",
                  "inject=fdatasync:error=EIO:when=1+",
                  "true")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException notThere) {
      return false;
    }
  }
}
