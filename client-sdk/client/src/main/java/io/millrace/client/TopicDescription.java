package io.millrace.client;

import java.util.List;
import java.util.Map;

/**
 * A topic as the cluster describes it.
 *
 * @param topicId unique for ever: another topic of the same name has another id
 * @param settings only what differs from the cluster's defaults
 * @param partitions by number; one whose state cannot be told has no leader and no replicas
 */
public record TopicDescription(
    String name,
    String topicId,
    int replicationFactor,
    Map<String, String> settings,
    List<PartitionInfo> partitions) {
  public TopicDescription {
    settings = Map.copyOf(settings);
    partitions = List.copyOf(partitions);
  }
}
