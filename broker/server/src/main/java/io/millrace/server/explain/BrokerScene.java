package io.millrace.server.explain;

import io.millrace.coordination.view.ClusterImage;
import io.millrace.server.health.BrokerHealth;
import io.millrace.server.partition.PartitionReading;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Everything that is known of a broker at one moment, by itself.
 *
 * @param ready what it says of its own condition
 * @param readings its partitions
 * @param unopened partitions whose log could not be opened
 * @param suspected live brokers that it takes for dead, with the reason as a clause
 * @param refusedNodes of ZooKeeper, by path, with the reason as a clause
 * @param waits what is written down of it on the {@link WaitBoard}
 */
public record BrokerScene(
    int self,
    ClusterImage image,
    BrokerHealth.Verdict ready,
    List<PartitionReading> readings,
    int unopened,
    Map<Integer, String> suspected,
    Map<String, String> refusedNodes,
    List<Finding> waits) {
  public BrokerScene {
    readings = List.copyOf(readings);
    suspected = Collections.unmodifiableMap(new TreeMap<>(suspected));
    refusedNodes = Collections.unmodifiableMap(new TreeMap<>(refusedNodes));
    waits = List.copyOf(waits);
  }
}
