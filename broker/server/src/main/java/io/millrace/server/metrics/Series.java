package io.millrace.server.metrics;

import com.codahale.metrics.Metric;
import java.util.List;

/**
 * One line of a metric: what it is of, and where its value comes from.
 *
 * @param labelValues in the order of {@link BrokerMetric#labels}
 */
record Series(BrokerMetric metric, List<String> labelValues, Metric source) {
  Series {
    if (labelValues.size() != metric.labels().size()) {
      throw new IllegalArgumentException(
          metric + " wants " + metric.labels() + ", not " + labelValues);
    }
  }

  /** Unique in the registry, and the way a person would write it. */
  String name() {
    return name(metric, labelValues);
  }

  static String name(BrokerMetric metric, List<String> labelValues) {
    StringBuilder name = new StringBuilder(metric.exposedName());
    for (int i = 0; i < labelValues.size(); i++) {
      name.append(i == 0 ? '{' : ',')
          .append(metric.labels().get(i))
          .append('=')
          .append(labelValues.get(i));
    }
    return labelValues.isEmpty() ? name.toString() : name.append('}').toString();
  }
}
