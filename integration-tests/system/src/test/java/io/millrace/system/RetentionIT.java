package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A topic that loses its oldest records, and those who still want them. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class RetentionIT {
  private static final int OUT_OF_RANGE_OR_FAILED = 1;
  private static final String FILLING = "x".repeat(100);

  @TempDir Path dir;

  @Test
  void losesItsOldestSegmentsSaysSoAndSendsNobodyBackward() {
    try (Servers servers = new Servers(dir)) {
      servers.zooKeeper();
      MillraceProcess broker = servers.ready(1);
      servers.run(
          "topic",
          "create",
          "notes",
          "--partitions",
          "1",
          "--replicas",
          "1",
          "--set",
          "segment.bytes=65536",
          "--set",
          "retention.bytes=100000");
      MillraceProcess follow = servers.begin("consume", "notes", "--from", "earliest");
      MillraceProcess slow = servers.begin("consume", "notes", "--from", "earliest");
      List<String> written = new ArrayList<>();
      produce(servers, written);
      follow.awaitLines(written.size());
      slow.awaitLines(1);
      slow.signal("STOP");
      // Each lot after the one before was read, so that no batch is as large as a segment.
      for (int i = 0; i < 8; i++) {
        produce(servers, written);
        follow.awaitLines(written.size());
      }
      assertThat(follow.out())
          .as("the tail, beside a reader that stands still")
          .isEqualTo(text(written, 0));

      // What a person finds in the broker's log.
      MatchResult removed =
          broker.awaitErrorLine(
              "notes~\\S+-0: removed (\\d+) segments?, (\\S+ \\S+), offsets 0 to (\\d+), ");
      int start = Integer.parseInt(removed.group(3)) + 1;
      assertThat(start).isBetween(300, written.size() - 1);

      CommandRun rest = servers.run("consume", "notes", "--from", "earliest", "--until-end");
      int first = written.size() - (int) rest.out().lines().count();
      assertThat(first)
          .as("offset of the first record that is left")
          .isBetween(start, written.size() - 1);
      assertThat(rest.out()).isEqualTo(text(written, first));
      assertThat(text(written, first).length())
          .as("what the topic keeps at least")
          .isGreaterThan(90_000);

      // An offset that has gone is told, never passed over.
      CommandRun old = servers.attempt("consume", "notes", "--from", "0", "--until-end");
      assertThat(old.exit()).as(old.describe()).isEqualTo(OUT_OF_RANGE_OR_FAILED);
      assertThat(old.out()).isEmpty();
      assertThat(old.err()).contains("notes").doesNotContain("\tat ");
      Matcher told = Pattern.compile("goes from (\\d+) to").matcher(old.err());
      assertThat(told.find()).as(old.err()).isTrue();
      assertThat(Integer.parseInt(told.group(1)))
          .as("the start that is told; more may have gone since")
          .isBetween(first, written.size() - 1);

      // The reader that stood still goes on with what it had. Then it is told that the rest has
      // gone, unless what it had, which is more than it had printed, reached to what is left.
      slow.signal("CONT");
      Awaitility.await("its end, or all records")
          .atMost(Duration.ofMinutes(1))
          .until(() -> !slow.isAlive() || slow.out().lines().count() >= written.size());
      if (!slow.isAlive()) {
        assertThat(slow.awaitExit()).as(slow.describe()).isEqualTo(OUT_OF_RANGE_OR_FAILED);
        assertThat(slow.err()).contains("notes").doesNotContain("\tat ");
      }
      assertThat(text(written, 0)).as("nothing left out in the middle").startsWith(slow.out());

      // By hand as well, and to the record.
      servers.run(
          "topic", "trim", "notes", "--before", Integer.toString(written.size() - 7), "--yes");
      assertThat(servers.run("consume", "notes", "--from", "earliest", "--until-end").out())
          .isEqualTo(text(written, written.size() - 7));
      broker.kill();
      servers.ready(1);
      assertThat(servers.run("consume", "notes", "--from", "earliest", "--until-end").out())
          .as("what was trimmed stays away after a crash")
          .isEqualTo(text(written, written.size() - 7));
    }
  }

  private static void produce(Servers servers, List<String> written) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      String line = written.size() + " " + FILLING;
      written.add(line);
      lines.append(line).append('\n');
    }
    servers.runWith(lines.toString(), "produce", "notes");
  }

  private static String text(List<String> lines, int from) {
    return String.join("\n", lines.subList(from, lines.size())) + "\n";
  }
}
