package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** A {@code bench produce} process that writes down what it was told, until it is ended. */
final class LoadWithLedger {
  /** What a slow machine carries beside three brokers. */
  static final int RECORDS_PER_SECOND = 1_000;

  private static final int INTERRUPTED = 130;

  private final Servers servers;
  private final Path ledger;
  private final MillraceProcess produce;

  private LoadWithLedger(Servers servers, Path ledger, MillraceProcess produce) {
    this.servers = servers;
    this.ledger = ledger;
    this.produce = produce;
  }

  /** Starts it and waits for its first acknowledgements. */
  static LoadWithLedger on(ReplicatedTopic topic, Path dir) {
    Path ledger = dir.resolve(topic.name() + ".ledger");
    MillraceProcess produce =
        topic
            .servers()
            .begin(
                "bench",
                "produce",
                topic.name(),
                "--ledger",
                ledger.toString(),
                "--rate",
                Integer.toString(RECORDS_PER_SECOND),
                "--records",
                "10000000",
                "--size",
                "100");
    LoadWithLedger load = new LoadWithLedger(topic.servers(), ledger, produce);
    load.awaitMore(1);
    return load;
  }

  /** Waits until so many more records than now are acknowledged. */
  void awaitMore(int records) {
    long goal = acknowledged() + records;
    Awaitility.await("acknowledgements")
        .atMost(MillraceProcess.PATIENCE)
        .pollInterval(Duration.ofMillis(100))
        .untilAsserted(
            () -> {
              long acknowledged = acknowledged();
              if (acknowledged < goal) {
                assertThat(acknowledged).as(produce.describe()).isGreaterThanOrEqualTo(goal);
              }
            });
    assertThat(produce.isAlive()).as(produce.describe()).isTrue();
  }

  private long acknowledged() {
    if (!Files.exists(ledger)) {
      return 0;
    }
    try (Stream<String> lines = Files.lines(ledger)) {
      return lines.filter(line -> line.startsWith("A ")).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends it as Ctrl-C does. */
  void end() {
    assertThat(produce.interrupt()).as(produce.describe()).isEqualTo(INTERRUPTED);
  }

  /** What the topic holds is what the producer was told, and it was told of no failure. */
  JsonObject assertNothingLostTwiceOrFailed() {
    CommandRun check = servers.attempt("bench", "check", "--ledger", ledger.toString());
    assertThat(check.exit()).as(check.describe()).isZero();
    JsonObject result = JsonParser.parseString(check.out()).getAsJsonObject();
    for (String wrong : new String[] {"failed", "lost", "duplicated", "reordered", "misplaced"}) {
      assertThat(result.get(wrong).getAsLong()).as(wrong + " in " + result).isZero();
    }
    assertThat(result.get("acknowledged").getAsLong()).as(result.toString()).isPositive();
    return result;
  }
}
