package io.millrace.cli.bench;

import io.millrace.rpc.Clock;
import java.util.concurrent.locks.LockSupport;

/**
 * When records are due. With a rate, record <em>i</em> is due at start + <em>i</em> / rate whatever
 * became of those before it; without one, when its turn comes.
 */
final class Schedule {
  /** Waking up takes about as long, so a shorter pause would not be one. */
  private static final long SHORTEST_PAUSE_NANOS = 20_000;

  /** So that an interrupt and the progress line are not kept waiting. */
  private static final long LONGEST_PAUSE_NANOS = 100_000_000;

  private final Clock clock;
  private final long startNanos;
  private final double nanosPerRecord;

  /**
   * @param recordsPerSecond zero or less: as fast as possible
   */
  Schedule(Clock clock, double recordsPerSecond) {
    this.clock = clock;
    this.startNanos = clock.nanoTime();
    this.nanosPerRecord = recordsPerSecond > 0 ? 1e9 / recordsPerSecond : 0;
  }

  long startNanos() {
    return startNanos;
  }

  /** When record i is due; for a run without a rate, now. */
  long dueNanos(long i) {
    return nanosPerRecord == 0 ? clock.nanoTime() : startNanos + (long) (i * nanosPerRecord);
  }

  /** Waits a while, at most until then; true when the time has come. */
  boolean awaitOnce(long dueNanos) {
    long left = dueNanos - clock.nanoTime();
    if (left <= 0) {
      return true;
    }
    LockSupport.parkNanos(Math.min(LONGEST_PAUSE_NANOS, Math.max(SHORTEST_PAUSE_NANOS, left)));
    return false;
  }
}
