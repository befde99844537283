package io.millrace.cli.bench;

import io.millrace.cli.AdminSession;
import io.millrace.cli.ClusterOption;
import io.millrace.cli.CommandFailedException;
import io.millrace.cli.CommonOptions;
import io.millrace.cli.ExitCode;
import io.millrace.cli.FirstContact;
import io.millrace.cli.JsonText;
import io.millrace.cli.Printable;
import io.millrace.cli.ProgressLine;
import io.millrace.cli.RunUntilInterrupted;
import io.millrace.cli.Surroundings;
import io.millrace.cli.bench.Ledger.Outcome;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.OffsetReset;
import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicPartition;
import io.millrace.wire.RecordHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench check}. */
@Command(
    name = "check",
    description = {
      "Compare a ledger with its topic: what is lost, duplicated or out of order.",
      "Prints one line of JSON, with the longest time without an acknowledgement. Records of",
      "unknown outcome are neither lost nor duplicated. Exits with 1 when a record is lost,",
      "duplicated, not where it was acknowledged, or there though reported as failed."
    })
final class BenchCheckCommand implements Callable<Integer> {
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final int MAX_POLL_RECORDS = 10_000;
  private static final long GRACE_SECONDS = 5;

  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();
  @Mixin ClusterOption cluster = new ClusterOption();

  @Option(
      names = "--ledger",
      required = true,
      paramLabel = "F",
      description = "What 'bench produce --ledger F' wrote.")
  Path file = Path.of("");

  BenchCheckCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws Exception {
    Ledger ledger = Ledger.read(file);
    requireSameTopic(ledger);
    String address = cluster.address(surroundings.environment());
    ConsumerSettings settings =
        ConsumerSettings.builder(address)
            .clientId("millrace-bench")
            .allowAutoCreateTopics(false)
            .autoOffsetReset(OffsetReset.FAIL)
            .maxPollRecords(MAX_POLL_RECORDS)
            .build();
    Consumer<ByteBuffer, ByteBuffer> consumer = surroundings.clients().consumer(settings);
    // The consumer is closed before the process may end, so that no session of it is left.
    try (RunUntilInterrupted run =
            new RunUntilInterrupted(surroundings.interrupts(), consumer::wakeup, GRACE_SECONDS);
        consumer) {
      List<TopicPartition> partitions =
          FirstContact.ask(surroundings, address, () -> consumer.partitionsFor(ledger.topic()))
              .stream()
              .map(PartitionInfo::topicPartition)
              .toList();
      LedgerCheck check = new LedgerCheck(ledger);
      Map<Integer, Long> beginnings = readAll(consumer, partitions, ledger.run(), check);
      LedgerCheck.Findings findings = check.finish(beginnings);
      print(ledger, findings);
      return (findings.good() ? ExitCode.DONE : ExitCode.FAILED).number();
    }
  }

  /** In a new topic of the same name everything would be missing, and nothing lost. */
  private void requireSameTopic(Ledger ledger) throws Exception {
    try (AdminSession session = AdminSession.open(surroundings, cluster)) {
      String id =
          session
              .ask(admin -> admin.describeTopics(List.of(ledger.topic())))
              .values()
              .iterator()
              .next()
              .topicId();
      if (!id.equals(ledger.topicId())) {
        throw new CommandFailedException(
            ExitCode.CONFLICT,
            "topic %s is not the one of the ledger: its id is %s, not %s; was it deleted since?"
                .formatted(ledger.topic(), id, ledger.topicId()));
      }
    }
  }

  private Map<Integer, Long> readAll(
      Consumer<ByteBuffer, ByteBuffer> consumer,
      List<TopicPartition> partitions,
      long run,
      LedgerCheck check) {
    Map<TopicPartition, Long> ends = new HashMap<>(consumer.endOffsets(partitions));
    Map<Integer, Long> beginnings = new HashMap<>();
    consumer.assign(partitions);
    consumer
        .beginningOffsets(partitions)
        .forEach(
            (partition, offset) -> {
              beginnings.put(partition.partition(), offset);
              consumer.seek(partition, offset);
            });
    ends.entrySet().removeIf(end -> consumer.position(end.getKey()) >= end.getValue());
    ProgressLine progress = new ProgressLine(surroundings);
    long start = surroundings.clock().nanoTime();
    long read = 0;
    while (!ends.isEmpty()) {
      for (ConsumerRecord<ByteBuffer, ByteBuffer> record : consumer.poll(POLL)) {
        long number = numberOf(record, run);
        if (number >= 0) {
          check.found(record.partition(), record.offset(), number);
        }
        read++;
      }
      ends.entrySet().removeIf(end -> consumer.position(end.getKey()) >= end.getValue());
      progress.look(surroundings.clock().nanoTime() - start, read, 0);
    }
    progress.end("");
    return beginnings;
  }

  /** Negative: it is none of the run's. */
  private static long numberOf(ConsumerRecord<ByteBuffer, ByteBuffer> record, long run) {
    for (RecordHeader header : record.headers()) {
      byte[] value = header.value();
      if (value != null
          && value.length == LedgerWriter.HEADER_SIZE
          && header.name().equals(LedgerWriter.HEADER_NAME)) {
        ByteBuffer bytes = ByteBuffer.wrap(value);
        if (bytes.getLong() == run) {
          return bytes.getLong();
        }
      }
    }
    return -1;
  }

  private void print(Ledger ledger, LedgerCheck.Findings findings) throws IOException {
    JsonText json = new JsonText().beginObject().field("bench", "check");
    json.field("topic", ledger.topic()).field("records", ledger.count());
    json.field("acknowledged", ledger.count(Outcome.ACKNOWLEDGED));
    json.field("failed", ledger.count(Outcome.FAILED));
    json.field("unknown", ledger.count(Outcome.UNKNOWN));
    json.field("found", findings.found).field("lost", findings.lost);
    json.field("duplicated", findings.duplicated).field("reordered", findings.reordered);
    json.field("misplaced", findings.misplaced).field("failed_found", findings.failedFound);
    json.field("unknown_found", findings.unknownFound).field("expired", findings.expired);
    json.field("unrecorded", findings.unrecorded);
    json.field("longest_gap_ms", ledger.longestGapMillis());
    json.field("longest_gap_at", Instant.ofEpochMilli(ledger.gapStartMillis()).toString());
    json.field("good", findings.good());
    surroundings.output().println(json.end().toString());
    surroundings.output().flush();
    findings.examples.forEach(example -> surroundings.error().println(Printable.line(example)));
  }
}
