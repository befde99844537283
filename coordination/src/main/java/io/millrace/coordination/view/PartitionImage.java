package io.millrace.coordination.view;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * The state of one partition.
 *
 * @param replicas in order of preference
 * @param leader absent: nobody leads
 * @param leaderIncarnation the life of the leader that this was written for
 * @param lastChange who, when and why, for people
 * @param possibleLoss of the last election that may have lost committed records: when, in which
 *     epoch and why; empty when there was none
 * @param rollCall what replicas have said to have that left in doubt of it, by broker id, for
 *     people
 * @param version the znode version; every write is conditional on it
 */
public record PartitionImage(
    int partition,
    List<Integer> replicas,
    OptionalInt leader,
    int leaderIncarnation,
    int leaderEpoch,
    List<Integer> inSync,
    List<Integer> eligible,
    boolean soleFlushed,
    String lastChange,
    String possibleLoss,
    Map<Integer, String> rollCall,
    int version) {
  public PartitionImage {
    replicas = List.copyOf(replicas);
    inSync = List.copyOf(inSync);
    eligible = List.copyOf(eligible);
    rollCall = Collections.unmodifiableMap(new TreeMap<>(rollCall));
  }

  /** Of a partition that has never been led by a replica that may have had less than others. */
  public PartitionImage(
      int partition,
      List<Integer> replicas,
      OptionalInt leader,
      int leaderIncarnation,
      int leaderEpoch,
      List<Integer> inSync,
      List<Integer> eligible,
      boolean soleFlushed,
      String lastChange,
      int version) {
    this(
        partition,
        replicas,
        leader,
        leaderIncarnation,
        leaderEpoch,
        inSync,
        eligible,
        soleFlushed,
        lastChange,
        "",
        Map.of(),
        version);
  }
}
