package io.millrace.server.metrics;

import com.codahale.metrics.Clock;
import com.codahale.metrics.Meter;
import java.util.function.LongSupplier;

/**
 * A count that others keep, with rates: {@link #tick} is called every few seconds. On the metrics
 * worker, but for reading.
 */
final class SummedMeter extends Meter {
  private final LongSupplier count;
  private long ticked;

  SummedMeter(LongSupplier count, Clock clock) {
    super(clock);
    this.count = count;
  }

  void tick() {
    long now = count.getAsLong();
    mark(Math.max(0, now - ticked));
    ticked = now;
  }

  @Override
  public long getCount() {
    return count.getAsLong();
  }
}
