package io.millrace.coordination.view;

import io.millrace.coordination.v1.EndpointNode;
import io.millrace.coordination.v1.LastChange;
import io.millrace.coordination.v1.LiveBrokerNode;
import io.millrace.coordination.v1.LossNote;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.RollCallEntry;
import io.millrace.rpc.Endpoint;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Images of nodes that were found in order. Safe for any thread. */
public final class Readings {
  private Readings() {}

  static BrokerImage broker(LiveBrokerNode node) {
    Map<String, Endpoint> endpoints = new HashMap<>();
    for (EndpointNode endpoint : node.getEndpointsList()) {
      endpoints.put(endpoint.getListener(), new Endpoint(endpoint.getHost(), endpoint.getPort()));
    }
    return new BrokerImage(
        node.getId(), node.getIncarnation(), endpoints, node.getRack(), node.getSoftwareVersion());
  }

  /**
   * @param version the znode version it was read at
   */
  public static PartitionImage partition(int partition, PartitionNode node, int version) {
    return new PartitionImage(
        partition,
        node.getReplicasList(),
        node.hasLeader() ? OptionalInt.of(node.getLeader()) : OptionalInt.empty(),
        node.getLeaderIncarnation(),
        node.getLeaderEpoch(),
        node.getInSyncList(),
        node.getEligibleList(),
        node.getSoleFlushed(),
        lastChange(node.getLastChange()),
        node.hasPossibleLoss() ? possibleLoss(node.getPossibleLoss()) : "",
        rollCall(node.getRollCallList()),
        version);
  }

  private static Map<Integer, String> rollCall(List<RollCallEntry> entries) {
    Map<Integer, String> said = new HashMap<>();
    for (RollCallEntry entry : entries) {
      said.put(
          entry.getBroker(),
          entry.getLost()
              ? "nothing, its data directory is another"
              : "records up to offset " + entry.getLogEnd() + " of epoch " + entry.getLastEpoch());
    }
    return said;
  }

  private static String possibleLoss(LossNote note) {
    return note.getAt() + " epoch " + note.getLeaderEpoch() + ": " + note.getWhy();
  }

  private static String lastChange(LastChange change) {
    return change.getWhy().isEmpty()
        ? ""
        : change.getAt() + " broker " + change.getBroker() + ": " + change.getWhy();
  }
}
