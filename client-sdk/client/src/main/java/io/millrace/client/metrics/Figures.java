package io.millrace.client.metrics;

import io.millrace.client.Metric;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/** The figures of one client. Safe for any thread. */
public final class Figures {
  /** What more there is of a label is counted together. */
  public static final int MAX_LABELS = 200;

  public static final String OTHERS = "(others)";

  private final Map<MetricName, Map<String, LongAdder>> counters = new EnumMap<>(MetricName.class);
  private final Map<MetricName, Map<String, LongSupplier>> gauges = new EnumMap<>(MetricName.class);

  public Figures() {
    for (MetricName name : MetricName.values()) {
      counters.put(name, new ConcurrentHashMap<>());
      gauges.put(name, new ConcurrentHashMap<>());
    }
  }

  /** To be kept by whoever counts. */
  public LongAdder counter(MetricName name) {
    return counter(name, "");
  }

  /** As above, of one broker or topic. */
  public LongAdder counter(MetricName name, String label) {
    Map<String, LongAdder> all = counters.getOrDefault(name, Map.of());
    LongAdder known = all.get(label);
    if (known != null) {
      return known;
    }
    String bounded = all.size() < MAX_LABELS ? label : OTHERS;
    return all.computeIfAbsent(bounded, key -> new LongAdder());
  }

  /** The supplier is asked on any thread. */
  public void gauge(MetricName name, LongSupplier value) {
    gauge(name, "", value);
  }

  /** As above, of one broker. Those past the bound are left out. */
  public void gauge(MetricName name, String label, LongSupplier value) {
    Map<String, LongSupplier> all = gauges.getOrDefault(name, Map.of());
    if (all.size() < MAX_LABELS || all.containsKey(label)) {
      all.put(label, value);
    }
  }

  /** There is none of that label any more. */
  public void forgetGauge(MetricName name, String label) {
    gauges.getOrDefault(name, Map.of()).remove(label);
  }

  /** All as they are now, by name and label. */
  public List<Metric> snapshot() {
    List<Metric> metrics = new ArrayList<>();
    counters.forEach(
        (name, each) ->
            each.forEach((label, count) -> metrics.add(metric(name, label, count.sum()))));
    gauges.forEach(
        (name, each) ->
            each.forEach((label, value) -> metrics.add(metric(name, label, value.getAsLong()))));
    metrics.sort(
        Comparator.comparing(Metric::name).thenComparing(metric -> metric.labels().toString()));
    return List.copyOf(metrics);
  }

  private static Metric metric(MetricName name, String label, long value) {
    Map<String, String> labels = label.isEmpty() ? Map.of() : Map.of(name.label(), label);
    return new Metric(name.text(), labels, name.kind(), value, name.meaning());
  }
}
