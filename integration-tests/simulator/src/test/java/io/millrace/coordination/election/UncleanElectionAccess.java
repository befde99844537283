package io.millrace.coordination.election;

import io.millrace.coordination.v1.PartitionNode;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Opens the decision that follows a roll call of all replicas to the search of states. */
public final class UncleanElectionAccess {
  private UncleanElectionAccess() {}

  /**
   * @param live incarnations of the live brokers
   * @return null when nobody is to be named
   */
  public static @Nullable PartitionNode byRollCallOfAll(
      PartitionNode partition,
      int self,
      Map<Integer, UncleanElection.Reach> reached,
      Set<Integer> without,
      Map<Integer, Integer> live) {
    return UncleanElection.plan(
        partition, self, reached, without, live, UncleanElection.Cause.ROLL_CALL);
  }
}
