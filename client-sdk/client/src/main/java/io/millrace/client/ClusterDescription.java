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
 * @param isWithoutZooKeeper the broker that was asked has no contact with ZooKeeper: this is what
 *     it knew last, and leaders cannot change there
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
    Map<Integer, Integer> leaders,
    boolean isWithoutZooKeeper) {
  public ClusterDescription {
    brokers = List.copyOf(brokers);
    leaders = Map.copyOf(leaders);
  }
}
