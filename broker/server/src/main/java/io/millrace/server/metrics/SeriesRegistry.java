package io.millrace.server.metrics;

import com.codahale.metrics.Clock;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Metric;
import com.codahale.metrics.MetricRegistry;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Dropwizard's registry, entered only with names of {@link BrokerMetric}. Series come and go on any
 * thread; sources are read by whoever looks.
 */
final class SeriesRegistry {
  private final MetricRegistry dropwizard = new MetricRegistry();
  private final Clock clock;
  private final Map<String, Series> series = new ConcurrentSkipListMap<>();

  SeriesRegistry(Clock clock) {
    this.clock = clock;
  }

  MetricRegistry dropwizard() {
    return dropwizard;
  }

  /** In the order of their names. */
  Collection<Series> all() {
    return series.values();
  }

  @Nullable Series find(String name) {
    return series.get(name);
  }

  /**
   * @param count never falls
   */
  void counter(BrokerMetric metric, LongSupplier count, String... labelValues) {
    check(metric, BrokerMetric.Kind.COUNTER);
    add(metric, new SummedMeter(count, clock), labelValues);
  }

  /** For counters in fractions of their unit, such as seconds; without rates. */
  void fraction(BrokerMetric metric, DoubleSupplier value, String... labelValues) {
    check(metric, BrokerMetric.Kind.COUNTER);
    add(metric, (Gauge<Double>) value::getAsDouble, labelValues);
  }

  void gauge(BrokerMetric metric, DoubleSupplier value, String... labelValues) {
    check(metric, BrokerMetric.Kind.GAUGE);
    add(metric, (Gauge<Double>) value::getAsDouble, labelValues);
  }

  void whole(BrokerMetric metric, LongSupplier value, String... labelValues) {
    check(metric, BrokerMetric.Kind.GAUGE);
    add(metric, (Gauge<Long>) value::getAsLong, labelValues);
  }

  /** The one there is, or a new one. */
  synchronized LoopTimer timer(BrokerMetric metric, String... labelValues) {
    check(metric, BrokerMetric.Kind.TIMER);
    Series there = series.get(Series.name(metric, List.of(labelValues)));
    if (there != null) {
      return (LoopTimer) there.source();
    }
    LoopTimer timer = LoopTimer.of(clock);
    add(metric, timer, labelValues);
    return timer;
  }

  private static void check(BrokerMetric metric, BrokerMetric.Kind kind) {
    if (metric.kind() != kind) {
      throw new IllegalArgumentException(metric + " is a " + metric.kind());
    }
  }

  private synchronized void add(BrokerMetric metric, Metric source, String... labelValues) {
    Series added = new Series(metric, List.of(labelValues), source);
    if (series.putIfAbsent(added.name(), added) != null) {
      throw new IllegalArgumentException(added.name() + " is there already");
    }
    // The reporter to JMX listens, and looks the name up; so it is in the table first.
    dropwizard.register(added.name(), source);
  }

  synchronized void remove(BrokerMetric metric, String... labelValues) {
    String name = Series.name(metric, List.of(labelValues));
    dropwizard.remove(name);
    series.remove(name);
  }

  /** Lets the rates move on; every few seconds. */
  void tick() {
    for (Series each : series.values()) {
      if (each.source() instanceof SummedMeter meter) {
        meter.tick();
      } else if (each.source() instanceof LoopTimer timer) {
        timer.tick();
      }
    }
  }
}
