package io.millrace.cli.bench;

import io.millrace.cli.CommandFailedException;
import io.millrace.cli.CommonOptions;
import io.millrace.cli.ExitCode;
import io.millrace.cli.FailureReport;
import io.millrace.cli.FirstContact;
import io.millrace.cli.Output;
import io.millrace.cli.RunUntilInterrupted;
import io.millrace.cli.Surroundings;
import io.millrace.client.Callback;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.errors.ClosedException;
import io.millrace.rpc.Clock;
import io.millrace.rpc.Tasks;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bench probe}. */
@Command(
    name = "probe",
    description = {
      "Send one small record after another, and print how each ends as soon as it does.",
      "A line is A and two times, when it was sent and acknowledged, or E, the times and why it",
      "failed; times are milliseconds since 1970. READY comes first, DONE last."
    })
final class BenchProbeCommand implements Callable<Integer> {
  private static final int PAYLOAD_SIZE = 100;

  /** A probe outlasts any outage it is there to measure. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** Looks for a new leader much more often than an application would. */
  private static final Duration FIRST_RETRY = Duration.ofMillis(20);

  private static final Duration LONGEST_RETRY = Duration.ofMillis(50);

  private static final Duration CLOSE_TIMEOUT_AFTER_INTERRUPT = Duration.ofSeconds(5);
  private static final long GRACE_SECONDS = 15;

  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();
  @Mixin LoadOptions load = new LoadOptions();

  @Parameters(paramLabel = "TOPIC", description = "Where to write to.")
  String topic = "";

  @Option(
      names = "--interval-ms",
      paramLabel = "MS",
      defaultValue = "100",
      description = "From one record to the next. Default: ${DEFAULT-VALUE}.")
  long intervalMillis;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "10",
      description = "How long. Default: ${DEFAULT-VALUE}.")
  double seconds;

  @Option(
      names = "--ledger",
      paramLabel = "F",
      description = "Write every send and its outcome to F, a new file; see 'bench check'.")
  @Nullable Path ledger;

  private long sent;

  /** What the lines could not be written for, if anything. */
  private final AtomicReference<@Nullable IOException> broken = new AtomicReference<>();

  BenchProbeCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws Exception {
    if (intervalMillis < 1 || !(seconds > 0)) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, "--interval-ms and --seconds must be more than nothing");
    }
    Producer<byte[], byte[]> producer =
        surroundings
            .clients()
            .producer(
                load.producer(surroundings)
                    .maxBlock(PATIENCE)
                    .deliveryTimeout(PATIENCE)
                    .retryBackoff(FIRST_RETRY, LONGEST_RETRY)
                    .build());
    Tasks.Worker printer = surroundings.tasks().worker("probe-lines");
    try (producer;
        RunUntilInterrupted untilInterrupted =
            new RunUntilInterrupted(
                surroundings.interrupts(),
                () -> producer.close(CLOSE_TIMEOUT_AFTER_INTERRUPT),
                GRACE_SECONDS)) {
      var unused =
          FirstContact.ask(
              surroundings, load.address(surroundings), () -> producer.partitionsFor(topic));
      try (LedgerWriter writer =
          ledger == null
              ? null
              : BenchProduceCommand.openLedger(surroundings, load, topic, ledger)) {
        line(printer, "READY");
        probe(producer, printer, writer, untilInterrupted::isInterrupted);
        producer.close();
        line(printer, "DONE");
      } finally {
        printer.stop();
        boolean printed = printer.awaitStopped(TimeUnit.SECONDS.toNanos(GRACE_SECONDS));
        if (!printed) {
          surroundings.error().println("millrace: nobody takes the lines of the probe");
        }
      }
      IOException failure = broken.get();
      if (failure != null) {
        throw failure;
      }
      return (untilInterrupted.isInterrupted() ? ExitCode.INTERRUPTED : ExitCode.DONE).number();
    }
  }

  private void probe(
      Producer<byte[], byte[]> producer,
      Tasks.Worker printer,
      @Nullable LedgerWriter writer,
      BooleanSupplier interrupted)
      throws IOException, InterruptedException {
    Clock clock = surroundings.clock();
    Schedule schedule = new Schedule(clock, 1e3 / intervalMillis);
    byte[] payload = new byte[PAYLOAD_SIZE];
    try {
      while (!interrupted.getAsBoolean() && broken.get() == null) {
        long due = schedule.dueNanos(sent);
        if (due - schedule.startNanos() >= seconds * 1e9) {
          return;
        }
        if (!schedule.awaitOnce(due)) {
          continue;
        }
        if (writer != null) {
          writer.sending(sent);
        }
        producer.send(
            new ProducerRecord<>(
                topic, null, null, null, payload, writer == null ? List.of() : writer.header(sent)),
            told(sent, clock.wallMillis(), printer, writer));
        sent++;
      }
    } catch (ClosedException e) {
      if (!interrupted.getAsBoolean()) {
        throw e;
      }
    }
  }

  private Callback told(
      long number, long sentMillis, Tasks.Worker printer, @Nullable LedgerWriter writer) {
    return (metadata, error) -> {
      long now = surroundings.clock().wallMillis();
      if (writer != null) {
        writer.ended(number, metadata, error);
      }
      line(
          printer,
          error == null
              ? "A " + sentMillis + " " + now
              : "E " + sentMillis + " " + now + " " + FailureReport.of(error).line());
    };
  }

  /** On a thread of its own: nobody who reads slowly may hold the producer up. */
  private void line(Tasks.Worker printer, String text) {
    printer.execute(
        () -> {
          if (broken.get() != null) {
            return;
          }
          Output output = surroundings.output();
          try {
            output.println(text);
            output.flush();
          } catch (IOException e) {
            broken.set(e);
          }
        });
  }
}
