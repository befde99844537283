package io.millrace.simulator.explore;

import io.millrace.rpc.SafetyRule;
import io.millrace.server.replica.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What holds in every state, and what of a state does not matter any more. */
final class Laws {
  private final Scope scope;

  Laws(Scope scope) {
    this.scope = scope;
  }

  /** Forgets distinctions that can make no difference, then looks for what must not be. */
  void settle(Cluster cluster) {
    for (Server server : cluster.servers) {
      settle(cluster, server);
    }
    if (!cluster.held.isEmpty()) {
      List<Fetch> held = new ArrayList<>(cluster.held);
      held.removeIf(
          fetch ->
              !SafetyRule.R3.isLeftOut()
                  && !Forgetting.mayServe(cluster, fetch.to(), fetch.epoch()));
      held.sort(null);
      cluster.held = List.copyOf(held);
    }
    check(cluster);
  }

  private static void settle(Cluster cluster, Server server) {
    if (SafetyRule.R11.isLeftOut()) {
      return;
    }
    int next = cluster.node.version() + 1;
    if (server.orphan != null && server.orphan.node().version() != next) {
      server.orphan = null;
    }
    Write write = server.write;
    if (write != null && write.fate() == Write.Fate.SENT && write.node().version() != next) {
      server.write = write.with(Write.Fate.CONFLICT);
    }
  }

  private void check(Cluster cluster) {
    if (cluster.hasToldALoss) {
      return;
    }
    for (int i = 0; i < Cluster.REPLICAS; i++) {
      Server server = cluster.servers[i];
      if (cluster.node.isMember(i) && !isInDoubt(cluster, i)) {
        if (!cluster.hasAllPromised(i)) {
          cluster.fail("I11: " + (i + 1) + " is a member and lacks what was promised");
        }
        if (scope.level() == Level.SYNCED && server.flushed < cluster.promised) {
          cluster.fail("I11: " + (i + 1) + " is a member, and its disk lacks what was promised");
        }
      }
      int shown = Math.min(server.highWatermark, server.end);
      if (scope.level() != Level.LEADER
          && server.up == Server.Up.LIVE
          && !Arrays.equals(server.log, 0, shown, cluster.committed, 0, shown)) {
        cluster.fail("I4: " + (i + 1) + " has something else below its high watermark");
      }
      for (int j = i + 1; j < Cluster.REPLICAS; j++) {
        checkAgreement(cluster, server, cluster.servers[j]);
      }
    }
  }

  /** Nobody relies on it until it has caught up, or has been elected by what it has left. */
  private static boolean isInDoubt(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    if (server.isOffline || server.hasLostFlushed) {
      return true;
    }
    boolean isVouchedFor =
        cluster.node.soleFlushed()
            && cluster.node.inSync() == 1 << i
            && (!server.isDoubtful || hasWhatItVouchedFor(cluster.node, server));
    return !isVouchedFor && (server.isDoubtful || cluster.node.isOnRollCall(i));
  }

  /** By the model's own word: the product may be searched without that rule. */
  private static boolean hasWhatItVouchedFor(Znode node, Server server) {
    int lastEpoch = Math.max(0, server.lastEpoch());
    return lastEpoch > node.vouchedEpoch()
        || (lastEpoch == node.vouchedEpoch() && server.end >= node.vouchedEnd());
  }

  /** Logs that have the same epoch at the same offset are the same up to there. */
  private static void checkAgreement(Cluster cluster, Server one, Server other) {
    int end = Math.min(one.end, other.end);
    while (end > 0 && one.log[end - 1] >> 4 != other.log[end - 1] >> 4) {
      end--;
    }
    if (!Arrays.equals(one.log, 0, end, other.log, 0, end)) {
      cluster.fail("I4: equal epoch and offset, different records");
    }
  }
}
