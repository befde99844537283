package io.millrace.cli.bench;

import io.millrace.cli.AdminSession;
import io.millrace.cli.CommandFailedException;
import io.millrace.cli.CommonOptions;
import io.millrace.cli.ExitCode;
import io.millrace.cli.FirstContact;
import io.millrace.cli.JsonText;
import io.millrace.cli.RunUntilInterrupted;
import io.millrace.cli.Surroundings;
import io.millrace.client.Producer;
import io.millrace.client.ProducerSettings;
import io.millrace.client.TopicDescription;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bench produce}. */
@Command(
    name = "produce",
    description = {
      "Send records as fast as possible, or at a rate, and print one line of JSON.",
      "Latency is from the time a record was due to its acknowledgement. Exits with 1 when a",
      "record was not acknowledged."
    })
final class BenchProduceCommand implements Callable<Integer> {
  /** Longer than what is queued after an interrupt may take to end. */
  private static final long GRACE_SECONDS = 15;

  private static final Duration CLOSE_TIMEOUT_AFTER_INTERRUPT = Duration.ofSeconds(5);

  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();
  @Mixin LoadOptions load = new LoadOptions();

  @Parameters(paramLabel = "TOPIC", description = "Where to write to.")
  String topic = "";

  @Option(
      names = "--records",
      paramLabel = "N",
      description = "How many. Default: 1000000, or as many as --seconds allow.")
  @Nullable Long records;

  @Option(names = "--seconds", paramLabel = "S", description = "Stop sending after so long.")
  @Nullable Double seconds;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "0",
      description = "Records per second, on a fixed schedule; 0: as fast as possible (default).")
  double rate;

  @Option(
      names = "--ledger",
      paramLabel = "F",
      description = "Write every send and its outcome to F, a new file; see 'bench check'.")
  @Nullable Path ledger;

  BenchProduceCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws Exception {
    Payloads payloads = load.payloads();
    ProducerSettings settings = load.producer(surroundings).build();
    LoadRun.Limits limits = limits();
    try (Producer<byte[], byte[]> producer = surroundings.clients().producer(settings);
        RunUntilInterrupted untilInterrupted =
            new RunUntilInterrupted(
                surroundings.interrupts(),
                () -> producer.close(CLOSE_TIMEOUT_AFTER_INTERRUPT),
                GRACE_SECONDS)) {
      int partitions =
          FirstContact.ask(
                  surroundings, load.address(surroundings), () -> producer.partitionsFor(topic))
              .size();
      try (LedgerWriter writer = ledger == null ? null : openLedger(ledger)) {
        LoadRun run = new LoadRun(surroundings, producer, topic, writer, 0);
        run.send(due -> payloads.next(), rate, limits, untilInterrupted::isInterrupted);
        run.show(run.outcomes().latencies());
        print(run, settings, partitions);
        return run.exitCode(untilInterrupted.isInterrupted()).number();
      }
    }
  }

  private LoadRun.Limits limits() {
    long most = records != null ? records : seconds != null ? Long.MAX_VALUE : 1_000_000;
    if (most < 0 || (seconds != null && !(seconds > 0))) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, "--records and --seconds say how much there is to do");
    }
    long nanos = seconds == null ? Long.MAX_VALUE : (long) Math.min(seconds * 1e9, 9e18);
    return new LoadRun.Limits(most, nanos);
  }

  private LedgerWriter openLedger(Path path) throws Exception {
    return openLedger(surroundings, load, topic, path);
  }

  /** A ledger names the topic by its id, so that one of the same name is not taken for it. */
  static LedgerWriter openLedger(
      Surroundings surroundings, LoadOptions load, String topic, Path path) throws Exception {
    try (AdminSession session = AdminSession.open(surroundings, load.cluster)) {
      Map<String, TopicDescription> found =
          session.ask(admin -> admin.describeTopics(List.of(topic)));
      String id = found.values().iterator().next().topicId();
      return LedgerWriter.create(path, surroundings.tasks(), topic, id);
    }
  }

  private void print(LoadRun run, ProducerSettings settings, int partitions) throws IOException {
    Outcomes outcomes = run.outcomes();
    JsonText json =
        BenchReport.begin(
            "produce", run.sent(), run.sentBytes(), run.nanos(), outcomes.latencies(), outcomes);
    BenchReport.conditions(json, topic, partitions).field("rate", rate);
    load.conditions(settings, json);
    surroundings.output().println(json.end().end().toString());
    // An interrupted process may end as soon as this command has.
    surroundings.output().flush();
  }
}
