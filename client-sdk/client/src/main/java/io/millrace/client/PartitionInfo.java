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
 * @param eligible ids of those that have left the in-sync replicas when these were too few, and
 *     still have every committed record
 * @param lastChange who changed its leader or sets last, when and why, for people; empty where that
 *     is not told
 * @param possibleLoss when, how and why an election may have lost committed records; empty: none
 *     has, or it is not told
 */
public record PartitionInfo(
    String topic,
    int partition,
    OptionalInt leader,
    int leaderEpoch,
    List<Integer> replicas,
    List<Integer> inSync,
    List<Integer> eligible,
    String lastChange,
    String possibleLoss) {
  public PartitionInfo {
    replicas = List.copyOf(replicas);
    inSync = List.copyOf(inSync);
    eligible = List.copyOf(eligible);
  }

  /** Of a partition whose history is not told. */
  public PartitionInfo(
      String topic,
      int partition,
      OptionalInt leader,
      int leaderEpoch,
      List<Integer> replicas,
      List<Integer> inSync) {
    this(topic, partition, leader, leaderEpoch, replicas, inSync, List.of(), "", "");
  }

  /** Topic and number. */
  public TopicPartition topicPartition() {
    return new TopicPartition(topic, partition);
  }
}
