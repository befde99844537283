package io.millrace.client;

import java.util.List;
import java.util.Map;

/**
 * The cluster in figures.
 *
 * @param formatVersion what all brokers are known to understand
 * @param brokers the live ones, by id
 * @param offlinePartitions that nobody leads
 * @param underReplicatedPartitions with fewer in-sync replicas than replicas
 * @param belowMinimumPartitions with fewer in-sync replicas than their topic wants: they take no
 *     records that need all of them
 * @param leaders partitions led, by broker id
 */
public record ClusterDescription(
    String clusterId,
    int formatVersion,
    List<Broker> brokers,
    int topics,
    int partitions,
    int offlinePartitions,
    int underReplicatedPartitions,
    int belowMinimumPartitions,
    Map<Integer, Integer> leaders) {
  public ClusterDescription {
    brokers = List.copyOf(brokers);
    leaders = Map.copyOf(leaders);
  }
}
