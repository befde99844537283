package io.millrace.server.metrics;

import com.codahale.metrics.Counting;
import com.codahale.metrics.Gauge;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The registry in Prometheus's text format: topics, partitions and apis are labels, timers are
 * histograms, so that several brokers can be added up.
 */
final class PrometheusText {
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  /** From the shortest that matters on a loop to the longest that a client waits. */
  private static final double[] BOUNDS_SECONDS = {
    0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60
  };

  private static final long[] BOUNDS_NANOS = new long[BOUNDS_SECONDS.length];
  private static final double[] UPPER_BOUNDS = new double[BOUNDS_SECONDS.length + 1];

  static {
    for (int i = 0; i < BOUNDS_SECONDS.length; i++) {
      BOUNDS_NANOS[i] = Math.round(BOUNDS_SECONDS[i] * 1e9);
      UPPER_BOUNDS[i] = BOUNDS_SECONDS[i];
    }
    UPPER_BOUNDS[BOUNDS_SECONDS.length] = Double.POSITIVE_INFINITY;
  }

  private PrometheusText() {}

  static byte[] of(SeriesRegistry registry) {
    Map<BrokerMetric, List<Series>> byMetric = new EnumMap<>(BrokerMetric.class);
    for (Series series : registry.all()) {
      byMetric.computeIfAbsent(series.metric(), metric -> new ArrayList<>()).add(series);
    }
    MetricSnapshots.Builder snapshots = MetricSnapshots.builder();
    byMetric.forEach((metric, series) -> snapshots.metricSnapshot(snapshot(metric, series)));
    ByteArrayOutputStream text = new ByteArrayOutputStream(64 << 10);
    try {
      PrometheusTextFormatWriter.create()
          .write(text, snapshots.build(), EscapingScheme.UNDERSCORE_ESCAPING);
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    }
    return text.toByteArray();
  }

  private static MetricSnapshot snapshot(BrokerMetric metric, List<Series> all) {
    return switch (metric.kind()) {
      case COUNTER -> {
        CounterSnapshot.Builder counter =
            CounterSnapshot.builder().name(metric.exposedBaseName()).help(metric.meaning());
        for (Series series : all) {
          counter.dataPoint(
              CounterDataPointSnapshot.builder()
                  .labels(labels(series))
                  .value(Math.max(0, value(series)))
                  .build());
        }
        yield counter.build();
      }
      case GAUGE -> {
        GaugeSnapshot.Builder gauge =
            GaugeSnapshot.builder().name(metric.exposedBaseName()).help(metric.meaning());
        for (Series series : all) {
          gauge.dataPoint(
              GaugeDataPointSnapshot.builder().labels(labels(series)).value(value(series)).build());
        }
        yield gauge.build();
      }
      case TIMER -> {
        HistogramSnapshot.Builder histogram =
            HistogramSnapshot.builder().name(metric.exposedBaseName()).help(metric.meaning());
        for (Series series : all) {
          HdrReservoir.Totals totals =
              ((LoopTimer) series.source()).reservoir().totals(BOUNDS_NANOS);
          histogram.dataPoint(
              HistogramDataPointSnapshot.builder()
                  .labels(labels(series))
                  .classicHistogramBuckets(
                      ClassicHistogramBuckets.of(UPPER_BOUNDS, totals.counts()))
                  .sum(totals.sumSeconds())
                  .build());
        }
        yield histogram.build();
      }
    };
  }

  private static Labels labels(Series series) {
    return Labels.of(series.metric().labels(), series.labelValues());
  }

  private static double value(Series series) {
    if (series.source() instanceof Counting counting) {
      return counting.getCount();
    }
    return ((Number) ((Gauge<?>) series.source()).getValue()).doubleValue();
  }
}
