package io.millrace.client;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who leads what, as a {@link Discovery} sees it at one moment; it may be old.
 *
 * @param clusterId empty until it is known
 * @param brokers the live ones, by id
 * @param topics by name, of those that were looked up the ones that exist
 */
public record ClusterMap(
    String clusterId, Map<Integer, Broker> brokers, Map<String, TopicDescription> topics) {
  /** Nothing is known. */
  public static final ClusterMap EMPTY = new ClusterMap("", Map.of(), Map.of());

  public ClusterMap {
    // Sorted: who goes through them connects and asks in the same order in every run.
    brokers = Collections.unmodifiableMap(new TreeMap<>(brokers));
    topics = Collections.unmodifiableMap(new TreeMap<>(topics));
  }
}
