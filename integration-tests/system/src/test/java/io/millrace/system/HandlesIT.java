package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** B92 with a real limit of handles ({@code ulimit -n}), below what the segments alone would be. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
@EnabledOnOs(OS.LINUX)
class HandlesIT {
  private static final int LIMIT = 200;
  private static final int PARTITIONS = 300;

  @TempDir Path dir;

  @Test
  @DisplayName("B92: more segments than handles are served; when handles end, that is said")
  void b92_fewHandlesAreEnoughAndTheirEndIsTold() throws IOException {
    try (Servers servers = new Servers(dir)) {
      servers.zooKeeper();
      MillraceProcess broker =
          servers.startUnder(
              List.of("sh", "-c", "ulimit -n " + LIMIT + " && exec \"$@\"", "sh"), 1);
      MatchResult ready = Servers.awaitReady(broker);
      String count = Integer.toString(PARTITIONS);
      servers.run("topic", "create", "notes", "--partitions", count, "--replicas", "1");
      List<String> written =
          IntStream.range(0, 10 * PARTITIONS).mapToObj(i -> "record " + i).toList();
      servers.runWith(text(written), "produce", "notes", "--key-delimiter", " ");
      assertThat(read(servers)).isEqualTo(sorted(written));

      List<Socket> idle = new ArrayList<>();
      try {
        for (int i = 0; i < LIMIT; i++) {
          idle.add(
              new Socket(InetAddress.getByName(ready.group(2)), Integer.parseInt(ready.group(3))));
        }
        broker.awaitErrorLine("connections cannot be taken for now .*ulimit -n");
      } finally {
        for (Socket socket : idle) {
          socket.close();
        }
      }
      assertThat(broker.err()).doesNotContain("exceptionCaught");
      assertThat(broker.isAlive()).as(broker.describe()).isTrue();

      // It goes on by itself, with every log.
      Awaitility.await("a topic with all logs led")
          .atMost(MillraceProcess.PATIENCE)
          .until(() -> servers.attempt("cluster").out().contains(" 0 offline"));
      servers.runWith("record more\n", "produce", "notes", "--key-delimiter", " ");
      assertThat(read(servers)).hasSize(written.size() + 1);
    }
  }

  private static String text(List<String> lines) {
    return lines.stream().map(line -> line + "\n").collect(Collectors.joining());
  }

  private static List<String> read(Servers servers) {
    return servers
        .run("consume", "notes", "--from", "earliest", "--until-end", "--format", "%k %v\\n")
        .out()
        .lines()
        .sorted()
        .toList();
  }

  private static List<String> sorted(List<String> lines) {
    return lines.stream().sorted().toList();
  }
}
