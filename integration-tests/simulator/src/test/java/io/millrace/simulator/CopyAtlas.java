package io.millrace.simulator;

import io.millrace.checker.log.ReplicaLog;
import io.millrace.simulator.ClusterEye.Seen;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Knows whether loss is permitted: a record may be lost only when, after some fault, none of those
 * that ought to have it had it any more.
 *
 * <p>Those are the members of the in-sync and eligible sets as ZooKeeper has them. A copy counts
 * when it could be read on the machine then, from the page cache or from the disk.
 */
final class CopyAtlas {
  private final World world;
  private final ClusterEye eye;
  private final Ledger ledger;
  private final Reach reach;
  private final Map<Integer, Set<Long>> permitted = new TreeMap<>();

  CopyAtlas(World world, ClusterEye eye, Ledger ledger, Reach reach) {
    this.world = world;
    this.eye = eye;
    this.ledger = ledger;
    this.reach = reach;
  }

  /** To be called after every fault that may have taken bytes from a disk. */
  void somethingWasLost() {
    for (Map.Entry<String, Seen> each : eye.partitions().entrySet()) {
      look(Disks.partitionOf(each.getKey()), Disks.topicIdOf(each.getKey()), each.getValue());
    }
  }

  private void look(int partition, String topicId, Seen seen) {
    Set<Long> left = new HashSet<>(ledger.acknowledged(partition).keySet());
    Set<Integer> members = new TreeSet<>(seen.content().getInSyncList());
    members.addAll(seen.content().getEligibleList());
    for (int member : members) {
      if (left.isEmpty()) {
        return;
      }
      ReplicaLog log = Disks.log(world.machines().get(member - 1), topicId, partition);
      left.removeIf(
          offset -> {
            Ledger.Acked acked = ledger.acknowledged(partition).get(offset);
            return acked != null
                && offset < log.soundEnd()
                && acked.value().equals(log.values().get(offset));
          });
    }
    if (!left.isEmpty()) {
      reach.count(Reach.Place.LOSS_PERMITTED, left.size());
      permitted.computeIfAbsent(partition, number -> new TreeSet<>()).addAll(left);
    }
  }

  boolean mayBeLost(int partition, long offset) {
    return permitted.getOrDefault(partition, Set.of()).contains(offset);
  }

  /** Of any partition. */
  boolean lossIsPermitted() {
    return !permitted.isEmpty();
  }
}
