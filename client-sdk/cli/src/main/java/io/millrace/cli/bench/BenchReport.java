package io.millrace.cli.bench;

import io.millrace.cli.JsonText;
import java.time.Duration;

/**
 * The line of JSON a run ends in. The first members are the same for every verb, in this order:
 * {@code bench, records, bytes, seconds, records_per_s, mib_per_s, latency_ms, cpu_s, errors}; what
 * only one verb has follows, and {@code conditions} comes last.
 */
final class BenchReport {
  private static final double MIB = 1 << 20;

  private BenchReport() {}

  /**
   * Begins the object; the caller adds its own members and ends it.
   *
   * @param latencies what {@code latency_ms} is about
   * @param outcomes of the records that were sent
   */
  static JsonText begin(
      String verb, long records, long bytes, long nanos, Latencies latencies, Outcomes outcomes) {
    JsonText json = figures(verb, records, bytes, nanos);
    latencies.json("latency_ms", json);
    json.field("cpu_s", cpuSeconds());
    outcomes.json(json);
    return json;
  }

  /** As {@link #begin}, of a run that sends nothing. */
  static JsonText beginReading(String verb, long records, long bytes, long nanos, long errors) {
    JsonText json = figures(verb, records, bytes, nanos);
    json.name("latency_ms").nullValue();
    return json.field("cpu_s", cpuSeconds()).field("errors", errors);
  }

  private static JsonText figures(String verb, long records, long bytes, long nanos) {
    double seconds = Math.max(1, nanos) / 1e9;
    JsonText json = new JsonText().beginObject();
    json.field("bench", verb).field("records", records).field("bytes", bytes);
    json.field("seconds", seconds).field("records_per_s", records / seconds);
    return json.field("mib_per_s", bytes / MIB / seconds);
  }

  /** Begins the object of conditions; the caller ends it and the line. */
  static JsonText conditions(JsonText json, String topic, int partitions) {
    json.name("conditions").beginObject().field("topic", topic).field("partitions", partitions);
    json.field("java", Runtime.version().toString());
    return json.field("cpus", Runtime.getRuntime().availableProcessors());
  }

  /** Of this process since it started: user and system time. */
  private static double cpuSeconds() {
    Duration used = ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
    return used.toMillis() / 1e3;
  }
}
