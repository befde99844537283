package io.millrace.cli.bench;

import io.millrace.cli.FailureReport;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.errors.MillraceException;
import io.millrace.rpc.Tasks;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Records for each partition in turn at a steady rate, on a thread of its own, from {@link #start}
 * to {@link #stop}; both are the main thread's.
 */
final class SteadyLoad {
  private final Producer<byte[], byte[]> producer;
  private final String topic;
  private final int partitions;
  private final double recordsPerSecond;
  private final Tasks tasks;
  private final Tasks.Worker worker;
  private final byte[] value;
  private final AtomicReference<@Nullable String> firstError = new AtomicReference<>();
  private final CompletableFuture<Long> sent = new CompletableFuture<>();
  private volatile boolean stopping;

  SteadyLoad(
      Producer<byte[], byte[]> producer,
      String topic,
      int partitions,
      double recordsPerSecond,
      int sizeBytes,
      Tasks tasks) {
    this.producer = producer;
    this.topic = topic;
    this.partitions = partitions;
    this.recordsPerSecond = recordsPerSecond;
    this.value = new byte[sizeBytes];
    this.tasks = tasks;
    this.worker = tasks.worker("bench-load");
  }

  void start() {
    worker.execute(
        () -> {
          try {
            sent.complete(send());
          } catch (MillraceException e) {
            failed(e);
            sent.complete(0L);
          } catch (RuntimeException e) {
            sent.completeExceptionally(e);
          } finally {
            worker.stop();
          }
        });
  }

  private long send() {
    Schedule schedule = new Schedule(tasks.clock(), recordsPerSecond);
    long count = 0;
    while (!stopping) {
      if (schedule.awaitOnce(schedule.dueNanos(count))) {
        producer.send(
            new ProducerRecord<>(topic, (int) (count % partitions), null, null, value, List.of()),
            (metadata, error) -> {
              if (error != null) {
                failed(error);
              }
            });
        count++;
      }
    }
    return count;
  }

  private void failed(MillraceException error) {
    firstError.compareAndSet(null, FailureReport.of(error).line());
  }

  /** Completes with how many were sent, once the last was handed to the producer. */
  CompletableFuture<Long> stop() {
    stopping = true;
    return sent;
  }

  /** What went wrong first; null: nothing. */
  @Nullable String firstError() {
    return firstError.get();
  }
}
