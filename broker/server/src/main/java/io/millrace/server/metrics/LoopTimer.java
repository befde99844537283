package io.millrace.server.metrics;

import com.codahale.metrics.Clock;
import com.codahale.metrics.Histogram;
import com.codahale.metrics.Timer;

/** Durations that loops record, each through a writer of its own. */
final class LoopTimer extends Timer {
  private final HdrReservoir reservoir;
  private final SummedMeter meter;

  static LoopTimer of(Clock clock) {
    HdrReservoir reservoir = new HdrReservoir(clock);
    return new LoopTimer(reservoir, new SummedMeter(reservoir::count, clock), clock);
  }

  private LoopTimer(HdrReservoir reservoir, SummedMeter meter, Clock clock) {
    super(meter, new CountedHistogram(reservoir), clock);
    this.reservoir = reservoir;
    this.meter = meter;
  }

  HdrReservoir reservoir() {
    return reservoir;
  }

  void tick() {
    meter.tick();
  }

  /** Its own count would know only of what came through it. */
  private static final class CountedHistogram extends Histogram {
    private final HdrReservoir reservoir;

    CountedHistogram(HdrReservoir reservoir) {
      super(reservoir);
      this.reservoir = reservoir;
    }

    @Override
    public long getCount() {
      return reservoir.count();
    }
  }
}
