package io.millrace.cli.bench;

import io.millrace.cli.JsonText;
import io.millrace.client.CommittedOffset;
import io.millrace.client.Consumer;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import io.millrace.rpc.Clock;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How many commits a second one consumer gets through, of one partition each: one after another,
 * and with several under way. It has no members, so only the coordinator's log is measured. The
 * main thread's.
 */
final class CommitRate {
  /** Kafka's client has no bound of its own; this one keeps the pipe full. */
  private static final int UNDER_WAY = 100;

  private static final Duration TURN = Duration.ofMillis(1);

  private final Consumer<ByteBuffer, ByteBuffer> consumer;
  private final List<TopicPartition> partitions;
  private final Clock clock;
  private final BooleanSupplier interrupted;

  private final Latencies latencies = new Latencies();
  private double syncPerSecond;
  private double asyncPerSecond;
  private final AtomicReference<@Nullable MillraceException> failure = new AtomicReference<>();

  /**
   * @param consumer of a group that nobody else uses
   */
  CommitRate(
      Consumer<ByteBuffer, ByteBuffer> consumer,
      List<TopicPartition> partitions,
      Clock clock,
      BooleanSupplier interrupted) {
    this.consumer = consumer;
    this.partitions = partitions;
    this.clock = clock;
    this.interrupted = interrupted;
  }

  /** For so long each way, having warmed up for a fifth of it. */
  void measure(long nanos) {
    consumer.assign(partitions);
    consumer.pause(partitions);
    long unused = sync(nanos / 5, false);
    syncPerSecond = sync(nanos, true) / (nanos / 1e9);
    unused = async(nanos / 5);
    long start = clock.nanoTime();
    long done = async(nanos);
    asyncPerSecond = done / ((clock.nanoTime() - start) / 1e9);
  }

  private long sync(long nanos, boolean counts) {
    long start = clock.nanoTime();
    long done = 0;
    while (clock.nanoTime() - start < nanos && !interrupted.getAsBoolean()) {
      long before = clock.nanoTime();
      consumer.commitSync(offsets(done));
      if (counts) {
        latencies.record(clock.nanoTime() - before);
      }
      done++;
    }
    return done;
  }

  private long async(long nanos) {
    long start = clock.nanoTime();
    AtomicInteger underWay = new AtomicInteger();
    AtomicLong done = new AtomicLong();
    long asked = 0;
    while (clock.nanoTime() - start < nanos
        && failure.get() == null
        && !interrupted.getAsBoolean()) {
      while (underWay.get() < UNDER_WAY) {
        underWay.incrementAndGet();
        consumer.commitAsync(
            offsets(asked++),
            (offsets, error) -> {
              underWay.decrementAndGet();
              if (error == null) {
                done.incrementAndGet();
              } else {
                failure.compareAndSet(null, error);
              }
            });
      }
      var unused = consumer.poll(TURN); // which tells of commits that have ended
    }
    return done.get();
  }

  private Map<TopicPartition, CommittedOffset> offsets(long number) {
    int count = partitions.size();
    // Both are in any partition that had records.
    return Map.of(partitions.get((int) (number % count)), new CommittedOffset(number / count % 2));
  }

  /** Why a commit failed; null: none did. */
  @Nullable MillraceException failure() {
    return failure.get();
  }

  /** A member of the result. */
  void json(JsonText json) {
    json.name("commits").beginObject().field("sync_per_s", syncPerSecond);
    latencies.json("sync_ms", json);
    json.field("async_per_s", asyncPerSecond).field("async_under_way", UNDER_WAY).end();
  }

  /** For people. */
  String text() {
    return String.format(
        java.util.Locale.ROOT,
        "commits/s: %,.0f one after another, %,.0f with %d under way\n%s",
        syncPerSecond,
        asyncPerSecond,
        UNDER_WAY,
        latencies.chart("commit"));
  }
}
