package io.millrace.client;

import java.util.Map;

/**
 * One figure of a client at one moment. CLIENTS.md lists them all.
 *
 * @param name of letters and dots, with the unit at its end where it is not a count: {@code
 *     producer.buffer.used.bytes}
 * @param labels what it is of when there are several: {@code broker}, the broker's id, or {@code
 *     topic}; beyond a number of topics the rest is counted together as {@code (others)}
 * @param meaning for people
 */
public record Metric(
    String name, Map<String, String> labels, Kind kind, long value, String meaning) {
  /** How a value changes. */
  public enum Kind {
    /** Grows only, from 0 when the client was made. */
    COUNTER,
    /** Goes up and down. */
    GAUGE
  }

  public Metric {
    labels = Map.copyOf(labels);
  }
}
