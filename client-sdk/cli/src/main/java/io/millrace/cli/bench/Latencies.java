package io.millrace.cli.bench;

import io.millrace.cli.JsonText;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * How long things took. One thread records; others may look when it has ended.
 *
 * <p>Three significant digits from a microsecond to an hour; what took longer counts as an hour.
 */
final class Latencies {
  private static final long LONGEST_NANOS = 3_600_000_000_000L;
  private static final int CHART_WIDTH = 50;

  /** The bounds of the chart's rows: 1, 2, 5, 10, ... microseconds. */
  private static final int[] STEPS = {1, 2, 5};

  private final Histogram nanos = new Histogram(1_000, LONGEST_NANOS, 3);

  void record(long latencyNanos) {
    nanos.recordValue(Math.max(0, Math.min(LONGEST_NANOS, latencyNanos)));
  }

  long count() {
    return nanos.getTotalCount();
  }

  private double percentileMillis(double percentile) {
    return count() == 0 ? 0 : nanos.getValueAtPercentile(percentile) / 1e6;
  }

  /** An object of milliseconds; all zero when nothing was recorded. */
  void json(String name, JsonText json) {
    json.name(name).beginObject().field("count", count());
    json.field("avg", count() == 0 ? 0 : nanos.getMean() / 1e6);
    json.field("p50", percentileMillis(50)).field("p90", percentileMillis(90));
    json.field("p95", percentileMillis(95)).field("p99", percentileMillis(99));
    json.field("p999", percentileMillis(99.9));
    json.field("max", count() == 0 ? 0 : nanos.getMaxValue() / 1e6).end();
  }

  /** Lines for people: percentiles, and a bar for each range that has any. */
  String chart(String what) {
    if (count() == 0) {
      return "";
    }
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT,
            "%s: p50 %s, p90 %s, p99 %s, p99.9 %s, max %s\n",
            what,
            duration(nanos.getValueAtPercentile(50)),
            duration(nanos.getValueAtPercentile(90)),
            duration(nanos.getValueAtPercentile(99)),
            duration(nanos.getValueAtPercentile(99.9)),
            duration(nanos.getMaxValue())));
    long from = 0;
    for (long decade = 1_000; from <= nanos.getMaxValue(); decade *= 10) {
      for (int step : STEPS) {
        long to = decade * step;
        if (from <= nanos.getMaxValue() && to > nanos.getMinValue()) {
          row(from, to, out);
        }
        from = to;
      }
    }
    return out.toString();
  }

  private void row(long from, long to, StringBuilder out) {
    long here = nanos.getCountBetweenValues(from, to - 1);
    double share = (double) here / count();
    out.append(
        String.format(
                Locale.ROOT,
                "  < %-8s %6.2f %%  %s",
                duration(to),
                100 * share,
                "#".repeat((int) Math.ceil(CHART_WIDTH * share)))
            .stripTrailing());
    out.append('\n');
  }

  /** Such as {@code 85 us}, {@code 1.2 ms}, {@code 3.4 s}. */
  static String duration(long nanos) {
    if (nanos < 1_000_000) {
      return nanos / 1_000 + " us";
    }
    if (nanos < 1_000_000_000) {
      return String.format(Locale.ROOT, nanos < 10_000_000 ? "%.1f ms" : "%.0f ms", nanos / 1e6);
    }
    return String.format(Locale.ROOT, "%.1f s", nanos / 1e9);
  }
}
