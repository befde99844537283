package io.millrace.coordination.election;

import io.millrace.rpc.SafetyRule;
import java.util.Map;
import java.util.Set;

/**
 * What a replica knows of the others when it asks who should lead. All of it may be old or wrong
 * without harm.
 *
 * @param self this broker's id
 * @param incarnation of this broker's registration
 * @param live incarnations of the live brokers, by id; this broker counts as live anyway
 * @param suspected brokers that this one believes dead although their sessions stand
 * @param minInSync the topic's setting
 * @param leaderlessMillis how long this broker has known that nobody leads
 * @param staggerMillis what each candidate waits for the one before it
 * @param epochSeen the highest leader epoch that this replica has ever seen, -1 for none: a node
 *     with a lower one is from the past
 */
public record ElectionScene(
    int self,
    int incarnation,
    Map<Integer, Integer> live,
    Set<Integer> suspected,
    int minInSync,
    long leaderlessMillis,
    long staggerMillis,
    int epochSeen) {
  public ElectionScene {
    live = Map.copyOf(live);
    suspected = Set.copyOf(suspected);
  }

  /** Of a replica that has seen no epoch. */
  public ElectionScene(
      int self,
      int incarnation,
      Map<Integer, Integer> live,
      Set<Integer> suspected,
      int minInSync,
      long leaderlessMillis,
      long staggerMillis) {
    this(self, incarnation, live, suspected, minInSync, leaderlessMillis, staggerMillis, -1);
  }

  boolean isUp(int broker) {
    return broker == self || (live.containsKey(broker) && !suspected.contains(broker));
  }

  /** The same life of it: a restarted leader leads no longer. */
  boolean isUpAs(int broker, int lifeOf) {
    if (broker == self) {
      return lifeOf == incarnation || SafetyRule.H9.isLeftOut();
    }
    return isUp(broker)
        && (Integer.valueOf(lifeOf).equals(live.get(broker)) || SafetyRule.R8.isLeftOut());
  }
}
