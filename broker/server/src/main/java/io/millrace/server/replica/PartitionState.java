package io.millrace.server.replica;

import java.util.List;

/**
 * A partition's node, as far as replication goes by it.
 *
 * @param version of the node; every change is conditional on it
 * @param replicas in order of preference
 * @param leader {@link #NOBODY} when nobody leads
 * @param leaderIncarnation the life of the leader that this was written for
 * @param soleFlushed the only member of the in-sync set had flushed all it held when it became that
 */
public record PartitionState(
    int version,
    List<Integer> replicas,
    int leader,
    int leaderIncarnation,
    int leaderEpoch,
    List<Integer> inSync,
    List<Integer> eligible,
    boolean soleFlushed) {
  public static final int NOBODY = -1;

  public PartitionState {
    replicas = List.copyOf(replicas);
    inSync = List.copyOf(inSync);
    eligible = List.copyOf(eligible);
  }
}
