package io.millrace.server.handler;

import io.millrace.rpc.Clock;
import io.millrace.rpc.Endpoint;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * How many partitions an address may create, add and delete, or how many producers it may begin: a
 * loop gone wrong must not fill ZooKeeper, nor the brokers' memory. B57. Any loop.
 *
 * <p>Each address has a bucket that fills with time up to a minute's worth. What it holds may be
 * overdrawn once, so that a topic of many partitions can be made at all; then the address waits.
 */
final class ChangeQuota {
  private static final long BURST_SECONDS = 60;
  private static final double NANOS_PER_SECOND = 1e9;

  /** Addresses remembered; when more come, all begin anew. */
  private static final int MAX_ADDRESSES = 10_000;

  private final String key;
  private final String excess;
  private final int perSecond;
  private final Clock clock;
  private final ConcurrentHashMap<String, Bucket> buckets = new ConcurrentHashMap<>();

  private record Bucket(double level, long atNanos) {}

  private ChangeQuota(String key, String excess, int perSecond, Clock clock) {
    this.key = key;
    this.excess = excess;
    this.perSecond = perSecond;
    this.clock = clock;
  }

  static ChangeQuota ofPartitions(int perSecond, Clock clock) {
    return new ChangeQuota(
        "topic.changes.per.second", "has changed more partitions", perSecond, clock);
  }

  static ChangeQuota ofProducers(int perSecond, Clock clock) {
    return new ChangeQuota("producer.ids.per.second", "has begun more producers", perSecond, clock);
  }

  /**
   * @param partitions concerned, at least 1
   * @return empty when the change may go on
   */
  Optional<Refusal> take(Endpoint from, int partitions) {
    if (buckets.size() >= MAX_ADDRESSES) {
      buckets.clear();
    }
    long now = clock.nanoTime();
    AtomicReference<Double> lacking = new AtomicReference<>();
    buckets.compute(
        from.host(),
        (host, before) -> {
          double level = level(before, now);
          if (level <= 0) {
            lacking.set(level);
            return new Bucket(level, now);
          }
          lacking.set(null);
          return new Bucket(level - Math.max(1, partitions), now);
        });
    Double missing = lacking.get();
    return missing == null ? Optional.empty() : Optional.of(refusal(from, -missing));
  }

  /**
   * Gives back what {@link #take} took when the change was refused: nothing was done.
   *
   * @param refusal how it ended; empty: it was done
   */
  void ended(Endpoint from, int partitions, Optional<Refusal> refusal) {
    if (refusal.isPresent() && refusal.get().code() != ErrorCode.OUTCOME_UNKNOWN) {
      buckets.computeIfPresent(
          from.host(),
          (host, before) -> new Bucket(before.level() + Math.max(1, partitions), before.atNanos()));
    }
  }

  private double level(@Nullable Bucket before, long now) {
    double full = (double) perSecond * BURST_SECONDS;
    if (before == null) {
      return full;
    }
    double filled = (now - before.atNanos()) / NANOS_PER_SECOND * perSecond;
    return Math.min(full, before.level() + filled);
  }

  private Refusal refusal(Endpoint from, double lacking) {
    long seconds = (long) Math.ceil((lacking + 1) / perSecond);
    return new Refusal(
        ErrorCode.BUSY,
        from.host()
            + " "
            + excess
            + " than "
            + key
            + "="
            + perSecond
            + " allows; nothing was done, retry in "
            + seconds
            + " s");
  }
}
