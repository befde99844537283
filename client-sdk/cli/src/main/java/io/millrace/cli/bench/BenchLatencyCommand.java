package io.millrace.cli.bench;

import io.millrace.cli.CommandFailedException;
import io.millrace.cli.CommonOptions;
import io.millrace.cli.ExitCode;
import io.millrace.cli.FirstContact;
import io.millrace.cli.JsonText;
import io.millrace.cli.RunUntilInterrupted;
import io.millrace.cli.Surroundings;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.PartitionInfo;
import io.millrace.client.Producer;
import io.millrace.client.ProducerSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bench latency}. */
@Command(
    name = "latency",
    description = {
      "Measure how long records take to be acknowledged and to be read back.",
      "Prints one line of JSON: latency_ms is end to end, ack_ms to the acknowledgement. Without",
      "--rate there is one record under way at a time; with it they are sent on a fixed schedule",
      "and latency counts from when each was due."
    })
final class BenchLatencyCommand implements Callable<Integer> {
  private static final long GRACE_SECONDS = 15;
  private static final Duration CLOSE_TIMEOUT_AFTER_INTERRUPT = Duration.ofSeconds(5);

  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();
  @Mixin LoadOptions load = new LoadOptions();

  @Parameters(paramLabel = "TOPIC", description = "Where to write to and read from.")
  String topic = "";

  @Option(
      names = "--records",
      paramLabel = "N",
      defaultValue = "10000",
      description = "How many. Default: ${DEFAULT-VALUE}.")
  long records;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "0",
      description = "Records per second; 0: one at a time (default).")
  double rate;

  @Option(
      names = "--warmup",
      paramLabel = "N",
      defaultValue = "0",
      description = "Send so many records before, whose latency does not count. Default: 0.")
  long warmup;

  BenchLatencyCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws Exception {
    check();
    Payloads payloads = load.payloads();
    if (payloads.smallestSize() < EchoReader.STAMP_SIZE) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE,
          "values of %d bytes are too small: a record carries its time, %d bytes"
              .formatted(payloads.smallestSize(), EchoReader.STAMP_SIZE));
    }
    ProducerSettings settings = load.producer(surroundings).build();
    ConsumerSettings reading =
        ConsumerSettings.builder(load.address(surroundings)).clientId("millrace-bench").build();
    Producer<byte[], byte[]> producer = surroundings.clients().producer(settings);
    Consumer<ByteBuffer, ByteBuffer> consumer = surroundings.clients().consumer(reading);
    // Both are closed before the process may end, so that no session of theirs is left.
    try (RunUntilInterrupted untilInterrupted =
            new RunUntilInterrupted(
                surroundings.interrupts(),
                () -> {
                  consumer.wakeup();
                  producer.close(CLOSE_TIMEOUT_AFTER_INTERRUPT);
                },
                GRACE_SECONDS);
        producer;
        consumer) {
      List<PartitionInfo> partitions =
          FirstContact.ask(
              surroundings, load.address(surroundings), () -> producer.partitionsFor(topic));
      long run = surroundings.tasks().random().nextLong();
      EchoReader reader = new EchoReader(consumer, surroundings.clock(), run, warmup);
      LoadRun sending = new LoadRun(surroundings, producer, topic, null, warmup);
      EchoRun echo = new EchoRun(surroundings, sending, reader, untilInterrupted::isInterrupted);
      if (rate > 0) {
        echo.onSchedule(partitions, payloads, rate, warmup + records);
      } else {
        echo.oneAtATime(partitions, payloads, warmup + records);
      }
      print(sending, reader, settings, partitions.size());
      boolean allBack = reader.received() >= sending.outcomes().acknowledged();
      ExitCode exit = sending.exitCode(untilInterrupted.isInterrupted());
      return (exit == ExitCode.DONE && !allBack ? ExitCode.FAILED : exit).number();
    }
  }

  private void check() {
    if (records < 0 || warmup < 0) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, "--records and --warmup say how much there is to do");
    }
  }

  private void print(LoadRun sending, EchoReader reader, ProducerSettings settings, int partitions)
      throws IOException {
    Outcomes outcomes = sending.outcomes();
    JsonText json =
        BenchReport.begin(
            "latency",
            sending.sent(),
            sending.sentBytes(),
            sending.nanos(),
            reader.latencies(),
            outcomes);
    outcomes.latencies().json("ack_ms", json);
    json.field("received", reader.received());
    BenchReport.conditions(json, topic, partitions).field("rate", rate).field("warmup", warmup);
    load.conditions(settings, json);
    surroundings.output().println(json.end().end().toString());
    surroundings.output().flush();
  }
}
