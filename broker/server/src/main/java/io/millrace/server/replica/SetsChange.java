package io.millrace.server.replica;

import java.util.List;
import java.util.Map;

/**
 * What a leader wants a partition's sets to be: one write, on the version it was decided from, in
 * its own epoch.
 *
 * @param expectedVersion of the partition's node
 * @param leaderEpoch of the leader that asks; unchanged by the write
 * @param admitted replicas that join, with the incarnation in which each has fetched: the write
 *     fails when one of them has registered anew since
 * @param why for people
 */
public record SetsChange(
    int expectedVersion,
    int leaderEpoch,
    List<Integer> inSync,
    List<Integer> eligible,
    boolean soleFlushed,
    Map<Integer, Integer> admitted,
    String why) {
  public SetsChange {
    inSync = List.copyOf(inSync);
    eligible = List.copyOf(eligible);
    admitted = Map.copyOf(admitted);
  }
}
