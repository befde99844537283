package io.millrace.client;

import java.util.List;
import java.util.OptionalInt;

/**
 * A partition as the cluster describes it.
 *
 * @param leader the id of the broker that leads; absent: none does at the moment
 * @param leaderEpoch grows with each change of leader
 * @param replicas ids of the brokers that hold it, the preferred leader first
 * @param inSync ids of those that have every committed record
 */
public record PartitionInfo(
    String topic,
    int partition,
    OptionalInt leader,
    int leaderEpoch,
    List<Integer> replicas,
    List<Integer> inSync) {
  public PartitionInfo {
    replicas = List.copyOf(replicas);
    inSync = List.copyOf(inSync);
  }

  /** Topic and number. */
  public TopicPartition topicPartition() {
    return new TopicPartition(topic, partition);
  }
}
