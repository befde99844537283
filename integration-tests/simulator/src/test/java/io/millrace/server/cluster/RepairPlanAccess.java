package io.millrace.server.cluster;

import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.Readings;
import java.util.HashMap;
import java.util.Map;

/** Opens what is done about a damaged copy to the search of states. */
public final class RepairPlanAccess {
  private RepairPlanAccess() {}

  /** As of the product. */
  public enum Next {
    WAIT,
    ASK_THE_LEADER,
    LEAVE,
    COPY_ANEW
  }

  /**
   * @param live incarnations of the live brokers
   * @param usedIn see {@link RepairPlan#decide}
   */
  public static Next decide(
      int self, int incarnation, Map<Integer, Integer> live, PartitionNode node, int usedIn) {
    Map<Integer, BrokerImage> brokers = new HashMap<>();
    live.forEach((id, life) -> brokers.put(id, new BrokerImage(id, life, Map.of(), "", "1")));
    RepairPlan plan =
        RepairPlan.decide(
            self,
            incarnation,
            new ClusterImage("c", 1, brokers, Map.of()),
            Readings.partition(0, node, 1),
            usedIn);
    return switch (plan) {
      case WAIT -> Next.WAIT;
      case ASK_THE_LEADER -> Next.ASK_THE_LEADER;
      case RESIGN, LEAVE -> Next.LEAVE;
      case COPY_ANEW -> Next.COPY_ANEW;
    };
  }
}
