package io.millrace.coordination.view;

import java.util.List;
import java.util.OptionalInt;

/**
 * The state of one partition.
 *
 * @param replicas in order of preference
 * @param leader absent: nobody leads
 * @param leaderIncarnation the life of the leader that this was written for
 * @param lastChange who, when and why, for people
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
    int version) {
  public PartitionImage {
    replicas = List.copyOf(replicas);
    inSync = List.copyOf(inSync);
    eligible = List.copyOf(eligible);
  }
}
