package io.millrace.cli.bench;

import io.millrace.cli.CommandFailedException;
import io.millrace.cli.ExitCode;
import io.millrace.cli.Surroundings;
import io.millrace.client.PartitionInfo;
import io.millrace.client.errors.WakeupException;
import io.millrace.rpc.Clock;
import io.millrace.rpc.Tasks;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Sends records and reads them back, one at a time or on a schedule. */
final class EchoRun {
  private static final Duration POLL = Duration.ofMillis(100);

  /** A record that is not back by then will not come. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final Surroundings surroundings;
  private final LoadRun sending;
  private final EchoReader reader;
  private final BooleanSupplier interrupted;

  private volatile boolean allSent;

  EchoRun(
      Surroundings surroundings, LoadRun sending, EchoReader reader, BooleanSupplier interrupted) {
    this.surroundings = surroundings;
    this.sending = sending;
    this.reader = reader;
    this.interrupted = interrupted;
  }

  /** The main thread does both. */
  void oneAtATime(List<PartitionInfo> partitions, Payloads payloads, long records)
      throws IOException, InterruptedException {
    try {
      reader.start(partitions);
      sending.oneByOne(
          records,
          interrupted,
          (number, dueNanos) -> {
            sending.send(reader.stamped(payloads.next(), number, dueNanos), dueNanos);
            awaitBack(number + 1);
          });
    } catch (WakeupException e) {
      rethrowUnlessInterrupted(e);
      sending.finish(true);
    }
    sending.show(reader.latencies());
  }

  private void awaitBack(long count) {
    Clock clock = surroundings.clock();
    long deadline = clock.nanoTime() + PATIENCE_NANOS;
    while (reader.received() < count) {
      reader.poll(POLL);
      if (sending.outcomes().errors() > 0) {
        throw new CommandFailedException(
            ExitCode.FAILED, "record " + count + ": " + sending.outcomes().firstError());
      }
      if (clock.nanoTime() - deadline > 0) {
        throw new CommandFailedException(
            ExitCode.TIMED_OUT, "record " + count + " was not back after 30 s");
      }
    }
  }

  /** The main thread sends, another reads. */
  void onSchedule(List<PartitionInfo> partitions, Payloads payloads, double rate, long records)
      throws Exception {
    Tasks.Worker worker = surroundings.tasks().worker("bench-consumer");
    CompletableFuture<Boolean> ready = new CompletableFuture<>();
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    worker.execute(() -> read(partitions, ready, done));
    try {
      await(ready);
      sending.send(
          dueNanos -> reader.stamped(payloads.next(), sending.sent(), dueNanos),
          rate,
          new LoadRun.Limits(records, Long.MAX_VALUE),
          interrupted);
      allSent = true;
      await(done);
    } finally {
      allSent = true;
      worker.stop();
    }
    sending.show(reader.latencies());
  }

  /** On the worker; ends when all that was acknowledged is back, or nothing has come for long. */
  private void read(
      List<PartitionInfo> partitions,
      CompletableFuture<Boolean> ready,
      CompletableFuture<Boolean> done) {
    try {
      reader.start(partitions);
      ready.complete(true);
      Clock clock = surroundings.clock();
      long lastCount = 0;
      long lastNanos = clock.nanoTime();
      while (!interrupted.getAsBoolean()
          && !(allSent && reader.received() >= sending.outcomes().acknowledged())) {
        reader.poll(POLL);
        long now = clock.nanoTime();
        if (reader.received() != lastCount || !allSent) {
          lastCount = reader.received();
          lastNanos = now;
        } else if (now - lastNanos > PATIENCE_NANOS) {
          break;
        }
      }
      done.complete(true);
    } catch (RuntimeException e) {
      ready.completeExceptionally(e);
      done.completeExceptionally(e);
    }
  }

  private void await(CompletableFuture<Boolean> step) throws Exception {
    try {
      var unused = step.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof WakeupException woken) {
        rethrowUnlessInterrupted(woken);
      } else if (e.getCause() instanceof RuntimeException reported) {
        throw reported;
      } else {
        throw e;
      }
    }
  }

  private void rethrowUnlessInterrupted(WakeupException e) {
    if (!interrupted.getAsBoolean()) {
      throw e;
    }
  }
}
