package io.millrace.server.metrics;

import com.codahale.metrics.Reservoir;
import com.codahale.metrics.Snapshot;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;
import org.jspecify.annotations.Nullable;

/**
 * Durations in nanoseconds, kept so that tails are true: every value counts, with an error below 1
 * %, where a sampling reservoir forgets most of the rare slow ones.
 *
 * <p>Each thread that records has a {@link Writer} of its own and never waits; readers put together
 * what the writers have had since the last reading. What is shown as percentiles is the last one to
 * two minutes; the totals are of the whole life. Safe for any thread.
 */
final class HdrReservoir implements Reservoir {
  /** What is shorter counts as this. */
  private static final long LEAST_NANOS = 1_000;

  /** What is longer counts as this: ten minutes. */
  static final long MOST_NANOS = 600_000_000_000L;

  private static final int DIGITS = 2;
  private static final long WINDOW_NANOS = 60_000_000_000L;

  private final com.codahale.metrics.Clock clock;

  // Under this object's lock, which no writer ever takes but to become one.
  private final List<Writer> writers = new ArrayList<>();
  // Each is 25 KiB, and a broker has hundreds of durations of which most never happen.
  private @Nullable Histogram total;
  private @Nullable Histogram window;
  private @Nullable Histogram lastWindow;
  private long windowBeganNanos;
  private double sumNanos;

  HdrReservoir(com.codahale.metrics.Clock clock) {
    this.clock = clock;
    this.windowBeganNanos = clock.getTick();
  }

  private static Histogram newHistogram() {
    return new Histogram(LEAST_NANOS, MOST_NANOS, DIGITS);
  }

  /** Where one thread records; no two may use the same. */
  static final class Writer {
    /** Made by the recording thread with its first value. */
    private volatile @Nullable SingleWriterRecorder recorder;

    private @Nullable Histogram read;

    // Written by the recording thread; others may read an older value.
    private long sumNanos;
    private long sumNanosRead;

    /** Allocates nothing but for the first value, waits for nobody. */
    void record(long nanos) {
      long bounded = Math.min(Math.max(nanos, 0), MOST_NANOS);
      SingleWriterRecorder its = recorder;
      if (its == null) {
        its = new SingleWriterRecorder(LEAST_NANOS, MOST_NANOS, DIGITS);
        recorder = its;
      }
      sumNanos += bounded;
      its.recordValue(bounded);
    }
  }

  synchronized Writer newWriter() {
    Writer writer = new Writer();
    writers.add(writer);
    return writer;
  }

  /** Takes in what the writers have had; by whoever reads. */
  private void drain() {
    for (Writer writer : writers) {
      SingleWriterRecorder recorder = writer.recorder;
      if (recorder == null) {
        continue;
      }
      Histogram since = recorder.getIntervalHistogram(writer.read);
      writer.read = since;
      if (since.getTotalCount() > 0) {
        total = sum(total, since);
        window = sum(window, since);
      }
      long sum = writer.sumNanos;
      sumNanos += sum - writer.sumNanosRead;
      writer.sumNanosRead = sum;
    }
    long now = clock.getTick();
    if (now - windowBeganNanos >= WINDOW_NANOS) {
      Histogram oldest = lastWindow;
      lastWindow = window;
      if (oldest != null) {
        oldest.reset();
      }
      window = oldest;
      windowBeganNanos = now;
    }
  }

  private static Histogram sum(@Nullable Histogram one, Histogram other) {
    Histogram sum = one == null ? newHistogram() : one;
    sum.add(other);
    return sum;
  }

  private static long countOf(@Nullable Histogram histogram) {
    return histogram == null ? 0 : histogram.getTotalCount();
  }

  /** Values ever recorded. */
  synchronized long count() {
    drain();
    return countOf(total);
  }

  /**
   * Ever recorded.
   *
   * @param counts how many are at most the bound of the same index and above the one before; one
   *     more than there are bounds, for the rest
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier; nobody compares them
  record Totals(long[] counts, double sumSeconds) {}

  /**
   * @param boundsNanos ascending
   */
  synchronized Totals totals(long[] boundsNanos) {
    drain();
    long[] counts = new long[boundsNanos.length + 1];
    if (total == null) {
      return new Totals(counts, 0);
    }
    total
        .recordedValues()
        .forEach(
            value -> {
              int bucket = 0;
              while (bucket < boundsNanos.length
                  && value.getValueIteratedTo() > boundsNanos[bucket]) {
                bucket++;
              }
              counts[bucket] += value.getCountAddedInThisIterationStep();
            });
    return new Totals(counts, sumNanos / 1e9);
  }

  /** For Dropwizard's own timers, which share one reservoir among threads; ours do not use it. */
  @Override
  public synchronized void update(long nanos) {
    if (shared == null) {
      shared = newWriter();
    }
    shared.record(nanos);
  }

  private @Nullable Writer shared;

  @Override
  public synchronized int size() {
    drain();
    return (int) Math.min(Integer.MAX_VALUE, countOf(window) + countOf(lastWindow));
  }

  @Override
  public synchronized Snapshot getSnapshot() {
    drain();
    Histogram recent = newHistogram();
    if (window != null) {
      recent.add(window);
    }
    if (lastWindow != null) {
      recent.add(lastWindow);
    }
    return new HdrSnapshot(recent);
  }
}
