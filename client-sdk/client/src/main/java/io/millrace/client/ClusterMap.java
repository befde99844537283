package io.millrace.client;

import java.util.Map;

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
    brokers = Map.copyOf(brokers);
    topics = Map.copyOf(topics);
  }
}
