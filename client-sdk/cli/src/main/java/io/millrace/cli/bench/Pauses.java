package io.millrace.cli.bench;

import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The longest time without something that should keep happening. Whoever sees it happen tells, on
 * any thread; the main thread begins a stretch and asks in the end.
 */
final class Pauses {
  private static final long NEVER = Long.MIN_VALUE;

  private final AtomicLong lastNanos = new AtomicLong(NEVER);
  private final AtomicLong longestNanos = new AtomicLong();

  void happened(long nowNanos) {
    long before = lastNanos.getAndSet(nowNanos);
    if (before != NEVER) {
      longestNanos.accumulateAndGet(nowNanos - before, Math::max);
    }
  }

  /** A new stretch; the pause that is under way belongs to it from the pause's own beginning. */
  void begin() {
    longestNanos.set(0);
  }

  /** Of the stretch, with the pause that is under way; empty: it has never happened. */
  OptionalLong longestNanos(long nowNanos) {
    long last = lastNanos.get();
    return last == NEVER
        ? OptionalLong.empty()
        : OptionalLong.of(Math.max(longestNanos.get(), nowNanos - last));
  }

  boolean hasHappenedSince(long nanos) {
    long last = lastNanos.get();
    return last != NEVER && last - nanos >= 0;
  }
}
