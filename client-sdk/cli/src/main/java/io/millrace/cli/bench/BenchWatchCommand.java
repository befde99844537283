package io.millrace.cli.bench;

import io.millrace.cli.ClusterOption;
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
import io.millrace.client.TopicPartition;
import io.millrace.rpc.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bench watch}. */
@Command(
    name = "watch",
    description = {
      "Keep clients that read topics from their ends, to see what their being there costs.",
      "READY comes once all have found their places, one line of JSON last."
    })
final class BenchWatchCommand implements Callable<Integer> {
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(120);
  private static final long END_SECONDS = 30;

  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();
  @Mixin ClusterOption cluster = new ClusterOption();

  @Parameters(paramLabel = "TOPIC", arity = "1..*", description = "What each client reads.")
  List<String> topics = List.of();

  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "100",
      description = "How many, each with a thread and connections. Default: ${DEFAULT-VALUE}.")
  int clients;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "10",
      description = "How long, once all are ready. Default: ${DEFAULT-VALUE}.")
  double seconds;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A setting of the consumers; may be repeated.")
  Map<String, String> settings = new LinkedHashMap<>();

  private final List<Watcher> watchers = new ArrayList<>();
  private long readyNanos;

  BenchWatchCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws Exception {
    if (clients < 1 || !(seconds > 0)) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, "--clients and --seconds must be more than nothing");
    }
    String address = cluster.address(surroundings.environment());
    ConsumerSettings wanted =
        ConsumerSettings.builder(address)
            .clientId("millrace-bench")
            .allowAutoCreateTopics(false)
            .setAll(settings)
            .build();
    try (RunUntilInterrupted run =
        new RunUntilInterrupted(surroundings.interrupts(), () -> {}, END_SECONDS)) {
      List<TopicPartition> partitions = partitions(address, wanted);
      try {
        watch(partitions, wanted, run::isInterrupted);
      } finally {
        watchers.forEach(Watcher::end);
      }
      awaitEnds();
      print(partitions.size());
      return (run.isInterrupted() ? ExitCode.INTERRUPTED : ExitCode.DONE).number();
    }
  }

  private List<TopicPartition> partitions(String address, ConsumerSettings wanted)
      throws Exception {
    List<TopicPartition> partitions = new ArrayList<>();
    try (Consumer<ByteBuffer, ByteBuffer> asking = surroundings.clients().consumer(wanted)) {
      for (String topic : topics) {
        FirstContact.ask(surroundings, address, () -> asking.partitionsFor(topic)).stream()
            .map(PartitionInfo::topicPartition)
            .forEach(partitions::add);
      }
    }
    return partitions;
  }

  private void watch(
      List<TopicPartition> partitions, ConsumerSettings wanted, BooleanSupplier interrupted)
      throws IOException {
    Clock clock = surroundings.clock();
    long start = clock.nanoTime();
    for (int i = 0; i < clients; i++) {
      Watcher watcher =
          new Watcher(
              partitions,
              () -> surroundings.clients().consumer(wanted),
              surroundings.tasks().worker("watcher-" + i));
      watchers.add(watcher);
      watcher.start();
    }
    while (!watchers.stream().allMatch(Watcher::isReady)) {
      if (rest(interrupted)) {
        return;
      }
      if (clock.nanoTime() - start > PATIENCE_NANOS) {
        throw new CommandFailedException(
            ExitCode.FAILED,
            "%d of %d clients were not ready within %d s; try fewer --clients"
                .formatted(
                    watchers.stream().filter(watcher -> !watcher.isReady()).count(),
                    clients,
                    TimeUnit.NANOSECONDS.toSeconds(PATIENCE_NANOS)));
      }
    }
    readyNanos = clock.nanoTime() - start;
    surroundings.output().println("READY");
    surroundings.output().flush();
    long until = clock.nanoTime() + (long) (seconds * 1e9);
    while (clock.nanoTime() - until < 0) {
      if (rest(interrupted)) {
        return;
      }
    }
  }

  /** Whether that was it: by Ctrl-C, or as a client has failed. */
  private boolean rest(BooleanSupplier interrupted) {
    LockSupport.parkNanos(LOOK_NANOS);
    return interrupted.getAsBoolean()
        || watchers.stream().anyMatch(watcher -> watcher.ended().isDone());
  }

  /** So that no session of theirs is left. */
  private void awaitEnds() throws InterruptedException {
    for (Watcher watcher : watchers) {
      try {
        var unused = watcher.ended().get(END_SECONDS, TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        throw new CommandFailedException(
            ExitCode.FAILED.number(),
            "a client failed: %s; each takes some MiB of memory, threads and file handles: see"
                    .formatted(e.getCause())
                + " MILLRACE_OPTS=-Xmx2g and ulimit",
            e.getCause());
      } catch (TimeoutException e) {
        throw new CommandFailedException(
            ExitCode.FAILED, "a client did not close within %d s".formatted(END_SECONDS));
      }
    }
  }

  private void print(int partitions) throws IOException {
    long records = watchers.stream().mapToLong(Watcher::records).sum();
    long nanos = (long) (seconds * 1e9);
    JsonText json = BenchReport.beginReading("watch", records, 0, nanos, 0);
    json.field("clients", clients).field("ready_ms", readyNanos / 1e6);
    BenchReport.conditions(json, String.join(",", topics), partitions);
    settings.forEach(json::field);
    surroundings.output().println(json.end().end().toString());
    surroundings.output().flush();
  }
}
