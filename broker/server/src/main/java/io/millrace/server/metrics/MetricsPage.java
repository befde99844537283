package io.millrace.server.metrics;

/** The page of all metrics, {@code broker/METRICS.md}, written from the table. */
final class MetricsPage {
  private static final String HEAD =
      """
      # Metrics of a broker

      Written from the table in `BrokerMetric` (`broker/server`), and held against it by a test. Dashboards and alert rules that use these
      names are in `conf/observability/`.

      **Prometheus** scrapes `http://127.0.0.1:7274/metrics` (`listener.metrics`). Seconds and bytes throughout. A timer is a histogram: its name
      with `_bucket`, `_count` and `_sum` behind. **JMX** shows the same as `io.millrace.server:type=TYPE,name=NAME,broker=ID`, with the labels as
      further keys (`topic=orders,partition=0`); a counter has `Count` and rates, a gauge `Value`, a timer both and percentiles of the last one to
      two minutes in milliseconds. What is counted is gathered every 5 s, and anew for each scrape.

      Series are bounded: 500 topics and 1,000 partitions of a broker have their own, first by name. What other topics count is summed
      under `topic="(others)"`, other partitions are left out; `millrace_metrics_*_left_out` tells how many. An api and an error code has
      its series from the first request on.

      Beside these, `/health/live` and `/health/ready` answer 200, or 503 with the reason; `/version` tells what runs.
      """;

  private MetricsPage() {}

  static String text() {
    StringBuilder page = new StringBuilder(HEAD);
    for (BrokerMetric.Group group : BrokerMetric.Group.values()) {
      page.append("\n## ").append(group.title()).append("\n\n");
      page.append("JMX: `type=").append(group.title()).append("`\n\n");
      page.append("| Metric | Kind | Labels | JMX name | Meaning |\n|---|---|---|---|---|\n");
      for (BrokerMetric metric : BrokerMetric.values()) {
        if (metric.group() == group) {
          page.append("| `").append(metric.exposedName());
          page.append("` | ").append(kind(metric));
          page.append(" | ").append(String.join(", ", metric.labels()));
          page.append(" | `").append(metric.jmxName());
          page.append("` | ").append(metric.meaning()).append(" |\n");
        }
      }
    }
    return page.toString();
  }

  private static String kind(BrokerMetric metric) {
    return switch (metric.kind()) {
          case COUNTER -> "counter";
          case GAUGE -> "gauge";
          case TIMER -> "timer";
        }
        + (metric.unit().equals("value") || metric.unit().equals("events")
            ? ""
            : ", " + metric.unit());
  }
}
