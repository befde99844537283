package io.millrace.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.codahale.metrics.Clock;
import com.codahale.metrics.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

/** Held against distributions whose percentiles are known. */
class HdrReservoirTest {
  private static final Percentage PRECISELY = Percentage.withPercentage(1);
  private static final long MILLI = 1_000_000;
  private static final long MINUTE = 60_000 * MILLI;

  private final ManualClock clock = new ManualClock();
  private final HdrReservoir reservoir = new HdrReservoir(clock);

  private static final class ManualClock extends Clock {
    private long nanos = 42;

    @Override
    public long getTick() {
      return nanos;
    }
  }

  @Test
  void evenlySpreadValuesHaveTheirPercentiles() {
    HdrReservoir.Writer writer = reservoir.newWriter();
    for (int i = 1; i <= 100_000; i++) {
      writer.record(i * 10_000L); // 10 µs to 1 s
    }
    Snapshot snapshot = reservoir.getSnapshot();
    assertThat(snapshot.getMedian()).isCloseTo(500e6, PRECISELY);
    assertThat(snapshot.get95thPercentile()).isCloseTo(950e6, PRECISELY);
    assertThat(snapshot.get99thPercentile()).isCloseTo(990e6, PRECISELY);
    assertThat(snapshot.get999thPercentile()).isCloseTo(999e6, PRECISELY);
    assertThat((double) snapshot.getMax()).isCloseTo(1e9, PRECISELY);
    assertThat(snapshot.getMean()).isCloseTo(500e6, PRECISELY);
    assertThat(snapshot.getStdDev()).isCloseTo(1e9 / Math.sqrt(12), PRECISELY);
  }

  @Test
  void exponentialValuesHaveTheirTail() {
    HdrReservoir.Writer writer = reservoir.newWriter();
    Random random = new Random(7);
    for (int i = 0; i < 1_000_000; i++) {
      writer.record((long) (-Math.log(1 - random.nextDouble()) * MILLI));
    }
    Snapshot snapshot = reservoir.getSnapshot();
    assertThat(snapshot.getMedian()).isCloseTo(Math.log(2) * MILLI, PRECISELY);
    assertThat(snapshot.get99thPercentile()).isCloseTo(Math.log(100) * MILLI, PRECISELY);
    // A sample of a thousand would hold one of these.
    assertThat(snapshot.get999thPercentile())
        .isCloseTo(Math.log(1_000) * MILLI, Percentage.withPercentage(3));
  }

  @Test
  void oneSlowValueAmongAMillionIsNotLost() {
    HdrReservoir.Writer writer = reservoir.newWriter();
    for (int i = 0; i < 1_000_000; i++) {
      writer.record(MILLI);
    }
    writer.record(5_000 * MILLI);
    assertThat((double) reservoir.getSnapshot().getMax()).isCloseTo(5e9, PRECISELY);
    assertThat(reservoir.count()).isEqualTo(1_000_001);
  }

  @Test
  void writersOnTheirOwnThreadsAreAddedUp() throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      HdrReservoir.Writer writer = reservoir.newWriter();
      Thread thread =
          new Thread(
              () -> {
                for (int value = 0; value < 50_000; value++) {
                  writer.record(MILLI);
                }
              });
      thread.start();
      threads.add(thread);
    }
    long last = 0;
    while (threads.stream().anyMatch(Thread::isAlive)) {
      long count = reservoir.count(); // while they record
      assertThat(count).isGreaterThanOrEqualTo(last);
      last = count;
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(reservoir.count()).isEqualTo(200_000);
    assertThat(reservoir.totals(new long[] {2 * MILLI}).sumSeconds()).isCloseTo(200, within(0.01));
  }

  @Test
  void percentilesAreOfTheLastOneToTwoMinutesAndTotalsOfTheWholeLife() {
    HdrReservoir.Writer writer = reservoir.newWriter();
    writer.record(1_000 * MILLI);
    assertThat((double) reservoir.getSnapshot().getMax()).isCloseTo(1e9, PRECISELY);
    clock.nanos += MINUTE;
    reservoir.count(); // whoever looks lets the windows move on
    writer.record(MILLI);
    assertThat((double) reservoir.getSnapshot().getMax()).isCloseTo(1e9, PRECISELY);
    clock.nanos += MINUTE;
    reservoir.count();
    assertThat((double) reservoir.getSnapshot().getMax()).isCloseTo(MILLI, PRECISELY);
    clock.nanos += MINUTE;
    reservoir.count();
    assertThat(reservoir.getSnapshot().size()).isZero();
    assertThat(reservoir.getSnapshot().get99thPercentile()).isZero();
    assertThat(reservoir.count()).isEqualTo(2);
  }

  @Test
  void totalsFallIntoTheirBuckets() {
    HdrReservoir.Writer writer = reservoir.newWriter();
    for (int i = 0; i < 7; i++) {
      writer.record(MILLI / 2);
    }
    for (int i = 0; i < 5; i++) {
      writer.record(5 * MILLI);
    }
    writer.record(50 * MILLI);
    HdrReservoir.Totals totals = reservoir.totals(new long[] {MILLI, 10 * MILLI});
    assertThat(totals.counts()).containsExactly(7, 5, 1);
    assertThat(totals.sumSeconds()).isCloseTo(0.0785, within(1e-6));
  }

  @Test
  void whatIsBeyondTheBoundsCountsAsTheBound() {
    HdrReservoir.Writer writer = reservoir.newWriter();
    writer.record(-5);
    writer.record(Long.MAX_VALUE);
    assertThat(reservoir.count()).isEqualTo(2);
    assertThat((double) reservoir.getSnapshot().getMax())
        .isCloseTo(HdrReservoir.MOST_NANOS, PRECISELY);
    assertThat(reservoir.getSnapshot().getMin()).isZero();
  }
}
