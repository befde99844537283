package io.millrace.coordination.view;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * The cluster at one moment.
 *
 * @param clusterId empty until it is known
 * @param formatVersion what all brokers are known to understand; 0 until known
 * @param brokers the live ones, by id
 * @param topics by name; for a view that follows chosen topics, those of them that exist
 */
public record ClusterImage(
    String clusterId,
    int formatVersion,
    Map<Integer, BrokerImage> brokers,
    Map<String, TopicImage> topics) {
  public static final ClusterImage EMPTY = new ClusterImage("", 0, Map.of(), Map.of());

  public ClusterImage {
    // In order: whoever goes through them does so in the same order in every process.
    brokers = Collections.unmodifiableMap(new TreeMap<>(brokers));
    topics = Collections.unmodifiableMap(new TreeMap<>(topics));
  }
}
