package io.millrace.cli.bench;

import io.millrace.client.Consumer;
import io.millrace.client.TopicPartition;
import io.millrace.rpc.Tasks;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * One client of {@link BenchWatchCommand}: reads partitions from their ends, on a thread of its
 * own. The main thread starts it, ends it, and looks at what it tells.
 */
final class Watcher {
  private static final Duration POLL = Duration.ofMillis(200);

  private final List<TopicPartition> partitions;
  private final Supplier<Consumer<ByteBuffer, ByteBuffer>> opener;
  private final Tasks.Worker worker;

  // Told by its own thread, read by others.
  private volatile boolean ready;
  private volatile long records;
  private final CompletableFuture<Boolean> ended = new CompletableFuture<>();

  // Told by others.
  private volatile boolean ending;

  Watcher(
      List<TopicPartition> partitions,
      Supplier<Consumer<ByteBuffer, ByteBuffer>> opener,
      Tasks.Worker worker) {
    this.partitions = partitions;
    this.opener = opener;
    this.worker = worker;
  }

  void start() {
    worker.execute(
        () -> {
          try {
            run();
            ended.complete(true);
          } catch (Throwable e) {
            // Whatever it is, no memory or no handle left too: the main thread waits and tells.
            ended.completeExceptionally(e);
          } finally {
            worker.stop();
          }
        });
  }

  private void run() {
    try (Consumer<ByteBuffer, ByteBuffer> open = opener.get()) {
      open.assign(partitions);
      open.seekToEnd(partitions);
      open.position(partitions.get(partitions.size() - 1)); // looks all ends up
      long seen = 0;
      while (!ending) {
        seen += open.poll(POLL).count();
        records = seen;
        ready = true;
      }
    }
  }

  boolean isReady() {
    return ready;
  }

  long records() {
    return records;
  }

  void end() {
    ending = true;
  }

  /** Done once its thread has ended; with the failure, if that is why. */
  CompletableFuture<Boolean> ended() {
    return ended;
  }
}
