package io.millrace.simulator;

import io.millrace.coordination.store.MemoryEnsemble;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.PartitionNode;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Sees every change that ZooKeeper makes, as no broker can, and holds it against what every such
 * change must keep (I10, I12).
 */
final class ClusterEye implements MemoryEnsemble.Observer {
  /** A partition's node. */
  record Seen(PartitionNode content, int version) {
    @Override
    public String toString() {
      String leads = content.hasLeader() ? leader(content) : "nobody";
      return "%s leads in epoch %d, in sync %s of %s, eligible %s, version %d, because %s"
          .formatted(
              leads,
              content.getLeaderEpoch(),
              content.getInSyncList(),
              content.getReplicasList(),
              content.getEligibleList(),
              version,
              content.getLastChange().getWhy());
    }
  }

  private static final String PARTITIONS = ZnodePaths.PARTITIONS + "/";
  private static final String LIVE = ZnodePaths.LIVE_BROKERS + "/";

  private final World world;
  private final Reach reach;
  private final Map<String, Seen> partitions = new TreeMap<>();
  private final Set<Integer> live = new HashSet<>();

  ClusterEye(World world, Reach reach) {
    this.world = world;
    this.reach = reach;
  }

  @Override
  public void changed(String path, @Nullable Node now) {
    if (path.startsWith(LIVE)) {
      int id = Integer.parseInt(path.substring(LIVE.length()));
      if (now == null) {
        live.remove(id);
      } else {
        live.add(id);
      }
    } else if (path.startsWith(PARTITIONS) && path.indexOf('/', PARTITIONS.length()) > 0) {
      if (now == null) {
        partitions.remove(path);
      } else {
        partition(path, now);
      }
    }
  }

  private void partition(String path, Node now) {
    ZnodeReading<PartitionNode> reading = ZnodeJson.PARTITION.read(now.data());
    if (!(reading instanceof ZnodeReading.Understood<PartitionNode> understood)) {
      world.violated(
          Violation.Rule.I12_GUARDED_WRITES, path + " is not what a broker may write: " + reading);
      return;
    }
    Seen seen = new Seen(understood.content(), now.version());
    Seen before = partitions.put(path, seen);
    if (before != null) {
      follows(path, before.content(), seen.content());
    }
  }

  private void follows(String path, PartitionNode before, PartitionNode now) {
    if (now.getLeaderEpoch() < before.getLeaderEpoch()) {
      world.violated(
          Violation.Rule.I10_ONE_LEADER_AN_EPOCH,
          path + ": epoch " + before.getLeaderEpoch() + " is followed by " + now.getLeaderEpoch());
    }
    boolean otherLeader =
        now.hasLeader()
            && (!before.hasLeader()
                || now.getLeader() != before.getLeader()
                || now.getLeaderIncarnation() != before.getLeaderIncarnation());
    if (otherLeader && now.getLeaderEpoch() == before.getLeaderEpoch()) {
      world.violated(
          Violation.Rule.I10_ONE_LEADER_AN_EPOCH,
          "%s: epoch %d has leaders %s and %s"
              .formatted(path, now.getLeaderEpoch(), leader(before), leader(now)));
    }
    if (now.getLeaderEpoch() > before.getLeaderEpoch()) {
      reach.count(Reach.Place.LEADER_CHANGE);
    }
    if (now.getInSyncCount() == 1 && before.getInSyncCount() > 1) {
      reach.count(Reach.Place.ONE_IN_SYNC);
    }
    if (now.getEligibleCount() > 0 && before.getEligibleCount() == 0) {
      reach.count(Reach.Place.ELIGIBLE_MEMBERS);
    }
    if (now.getInSyncCount() > before.getInSyncCount()) {
      reach.count(Reach.Place.IN_SYNC_GROWS);
    }
    if (now.hasPossibleLoss() && !before.hasPossibleLoss()) {
      reach.count(Reach.Place.LOSS_FLAGGED);
    }
  }

  private static String leader(PartitionNode node) {
    return node.getLeader() + "/" + node.getLeaderIncarnation();
  }

  /** By path; of one topic, as there is only one. */
  Map<String, Seen> partitions() {
    return partitions;
  }

  @Nullable Seen partition(int number) {
    for (Map.Entry<String, Seen> each : partitions.entrySet()) {
      if (each.getKey().endsWith("/" + number)) {
        return each.getValue();
      }
    }
    return null;
  }

  boolean isLive(int broker) {
    return live.contains(broker);
  }

  /** Whether anybody could be reading and writing all of them. */
  boolean allAreLed(int count) {
    if (partitions.size() < count) {
      return false;
    }
    return partitions.values().stream()
        .allMatch(seen -> seen.content().hasLeader() && isLive(seen.content().getLeader()));
  }

  /** I13: led, and every replica in sync. */
  boolean allAreWhole(int count) {
    return allAreLed(count)
        && partitions.values().stream()
            .allMatch(
                seen ->
                    seen.content().getInSyncCount() == seen.content().getReplicasCount()
                        && seen.content().getEligibleCount() == 0);
  }
}
