package io.millrace.server.metrics;

import com.codahale.metrics.Snapshot;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.HdrHistogram.Histogram;

/** A histogram as Dropwizard wants to see it. Immutable from here on. */
final class HdrSnapshot extends Snapshot {
  private final Histogram histogram;

  HdrSnapshot(Histogram histogram) {
    this.histogram = histogram;
  }

  @Override
  public double getValue(double quantile) {
    return histogram.getTotalCount() == 0 ? 0 : histogram.getValueAtPercentile(quantile * 100);
  }

  /** Each distinct value once: a list of all could be of any length. */
  @Override
  public long[] getValues() {
    int[] count = {0};
    histogram.recordedValues().forEach(value -> count[0]++);
    long[] values = new long[count[0]];
    count[0] = 0;
    histogram.recordedValues().forEach(value -> values[count[0]++] = value.getValueIteratedTo());
    return values;
  }

  @Override
  public int size() {
    return (int) Math.min(Integer.MAX_VALUE, histogram.getTotalCount());
  }

  @Override
  public long getMax() {
    return histogram.getMaxValue();
  }

  @Override
  public double getMean() {
    return histogram.getMean();
  }

  @Override
  public long getMin() {
    return histogram.getTotalCount() == 0 ? 0 : histogram.getMinValue();
  }

  @Override
  public double getStdDev() {
    return histogram.getStdDeviation();
  }

  @Override
  public void dump(OutputStream output) {
    try (PrintWriter lines = new PrintWriter(output, false, StandardCharsets.UTF_8)) {
      for (long value : getValues()) {
        lines.println(value);
      }
    }
  }
}
