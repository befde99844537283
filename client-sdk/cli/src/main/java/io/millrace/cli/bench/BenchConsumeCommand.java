package io.millrace.cli.bench;

import io.millrace.cli.ClusterOption;
import io.millrace.cli.CommandFailedException;
import io.millrace.cli.CommonOptions;
import io.millrace.cli.ExitCode;
import io.millrace.cli.FirstContact;
import io.millrace.cli.JsonText;
import io.millrace.cli.ProgressLine;
import io.millrace.cli.RunUntilInterrupted;
import io.millrace.cli.Surroundings;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.OffsetReset;
import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.WakeupException;
import io.millrace.rpc.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bench consume}. */
@Command(
    name = "consume",
    description = {
      "Read records from the first on, key and value of each, and print one line of JSON.",
      "Exits with 1 when there were fewer than --records and no more came for --idle seconds."
    })
final class BenchConsumeCommand implements Callable<Integer> {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final long GRACE_SECONDS = 5;

  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();
  @Mixin ClusterOption cluster = new ClusterOption();

  @Parameters(paramLabel = "TOPIC", description = "Where to read from.")
  String topic = "";

  @Option(
      names = "--records",
      paramLabel = "N",
      description = "How many. Default: all there are at the start.")
  @Nullable Long records;

  @Option(
      names = "--idle",
      paramLabel = "S",
      defaultValue = "10",
      description = "Give up after so many seconds without a record. Default: ${DEFAULT-VALUE}.")
  int idleSeconds;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A setting of the consumer; may be repeated.")
  Map<String, String> settings = new LinkedHashMap<>();

  private long read;
  private long readBytes;

  /** Since the start; negative: none yet. */
  private long firstNanos = -1;

  private long lastNanos;

  BenchConsumeCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws Exception {
    if ((records != null && records < 0) || idleSeconds < 1) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, "--records and --idle say how much to wait for");
    }
    String address = cluster.address(surroundings.environment());
    ConsumerSettings wanted =
        ConsumerSettings.builder(address)
            .clientId("millrace-bench")
            .allowAutoCreateTopics(false)
            .autoOffsetReset(OffsetReset.FAIL)
            .setAll(settings)
            .build();
    Consumer<ByteBuffer, ByteBuffer> consumer = surroundings.clients().consumer(wanted);
    // The consumer is closed before the process may end, so that no session of it is left.
    try (RunUntilInterrupted run =
            new RunUntilInterrupted(surroundings.interrupts(), consumer::wakeup, GRACE_SECONDS);
        consumer) {
      List<TopicPartition> partitions =
          FirstContact.ask(surroundings, address, () -> consumer.partitionsFor(topic)).stream()
              .map(PartitionInfo::topicPartition)
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long target = records != null ? records : present(consumer, partitions);
      readAll(consumer, target);
      print(target, partitions.size());
      if (run.isInterrupted()) {
        return ExitCode.INTERRUPTED.number();
      }
      return (read < target ? ExitCode.FAILED : ExitCode.DONE).number();
    }
  }

  private static long present(
      Consumer<ByteBuffer, ByteBuffer> consumer, List<TopicPartition> partitions) {
    Map<TopicPartition, Long> first = consumer.beginningOffsets(partitions);
    return consumer.endOffsets(partitions).entrySet().stream()
        .mapToLong(end -> end.getValue() - first.getOrDefault(end.getKey(), 0L))
        .sum();
  }

  private void readAll(Consumer<ByteBuffer, ByteBuffer> consumer, long target) {
    Clock clock = surroundings.clock();
    ProgressLine progress = new ProgressLine(surroundings);
    Throughput throughput = new Throughput();
    long idleNanos = TimeUnit.SECONDS.toNanos(idleSeconds);
    long start = clock.nanoTime();
    try {
      long now = start;
      while (read < target && now - start - lastNanos < idleNanos) {
        ConsumerRecords<ByteBuffer, ByteBuffer> polled = consumer.poll(POLL);
        now = clock.nanoTime();
        if (!polled.isEmpty()) {
          count(polled, target);
          lastNanos = now - start;
          firstNanos = firstNanos < 0 ? lastNanos : firstNanos;
        }
        if (progress.isShown()) {
          throughput.look(now - start, read);
          progress.look(now - start, read, target);
        }
      }
    } catch (WakeupException e) {
      if (!surroundings.interrupts().interrupted()) {
        throw e;
      }
    } finally {
      progress.end(throughput.chart(lastNanos, read));
    }
  }

  private void count(ConsumerRecords<ByteBuffer, ByteBuffer> polled, long target) {
    for (TopicPartition partition : polled.partitions()) {
      for (ConsumerRecord<ByteBuffer, ByteBuffer> record : polled.records(partition)) {
        if (read == target) {
          return;
        }
        ByteBuffer key = record.key();
        ByteBuffer value = record.value();
        read++;
        readBytes += (key == null ? 0 : key.remaining()) + (value == null ? 0 : value.remaining());
      }
    }
  }

  private void print(long target, int partitions) throws IOException {
    JsonText json =
        BenchReport.beginReading("consume", read, readBytes, lastNanos, read < target ? 1 : 0);
    json.field("first_record_ms", Math.max(0, firstNanos) / 1e6);
    BenchReport.conditions(json, topic, partitions);
    settings.forEach(json::field);
    surroundings.output().println(json.end().end().toString());
    surroundings.output().flush();
  }
}
