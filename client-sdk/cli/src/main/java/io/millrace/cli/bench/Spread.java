package io.millrace.cli.bench;

import io.millrace.cli.JsonText;
import java.util.List;

/** The middle and the worst of several times; nothing of none. */
record Spread(int count, long medianNanos, long worstNanos) {
  static Spread of(List<Long> nanos) {
    if (nanos.isEmpty()) {
      return new Spread(0, 0, 0);
    }
    List<Long> sorted = nanos.stream().sorted().toList();
    int middle = sorted.size() / 2;
    long median =
        sorted.size() % 2 == 1
            ? sorted.get(middle)
            : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    return new Spread(sorted.size(), median, sorted.get(sorted.size() - 1));
  }

  /** An object of milliseconds, or null of none. */
  void json(String name, JsonText json) {
    if (count == 0) {
      json.name(name).nullValue();
      return;
    }
    json.name(name).beginObject().field("count", count);
    json.field("median", medianNanos / 1e6).field("worst", worstNanos / 1e6).end();
  }

  /** For people. */
  String text() {
    return count == 0
        ? "-"
        : Latencies.duration(medianNanos) + " / " + Latencies.duration(worstNanos);
  }
}
