package io.millrace.simulator;

import io.millrace.checker.log.ReplicaLog;
import io.millrace.client.Durability;
import io.millrace.simulator.ClusterEye.Seen;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
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
  private final Options options;
  private final ClusterEye eye;
  private final Ledger ledger;
  private final Reach reach;
  private final Map<Integer, Set<Long>> permitted = new TreeMap<>();
  private final Map<Integer, List<Unheard>> unheard = new TreeMap<>();
  private boolean shownIsLost;

  /**
   * What a leader had shown in that epoch or before, and nobody has any more: of some of it the
   * acknowledgements may still be on their way.
   */
  private record Unheard(long from, long to, int epoch) {
    boolean has(long offset, int leaderEpoch) {
      return offset >= from && offset < to && leaderEpoch <= epoch;
    }
  }

  CopyAtlas(World world, Options options, ClusterEye eye, Ledger ledger, Reach reach) {
    this.world = world;
    this.options = options;
    this.eye = eye;
    this.ledger = ledger;
    this.reach = reach;
  }

  /**
   * After every loss of power. What a topic of level synced has acknowledged is on disk: it is
   * never permitted to be lost so.
   */
  void powerWasLost() {
    if (options.durability() != Durability.SYNCED) {
      diskWasDamaged();
    }
  }

  /** After every fault that may have taken from a disk what was on it. */
  void diskWasDamaged() {
    for (Map.Entry<String, Seen> each : eye.partitions().entrySet()) {
      look(Disks.partitionOf(each.getKey()), Disks.topicIdOf(each.getKey()), each.getValue());
    }
  }

  private void look(int partition, String topicId, Seen seen) {
    Set<Long> left = new HashSet<>(ledger.acknowledged(partition).keySet());
    Set<Integer> members = new TreeSet<>(seen.content().getInSyncList());
    members.addAll(seen.content().getEligibleList());
    long soundEnd = 0;
    for (int member : members) {
      ReplicaLog log = Disks.log(world.machines().get(member - 1), topicId, partition);
      left.removeIf(offset -> has(log, partition, offset));
      soundEnd = Math.max(soundEnd, log.soundEnd());
      if (left.isEmpty() && soundEnd >= ledger.shownEnd(partition)) {
        return;
      }
    }
    long shownEnd = ledger.shownEnd(partition);
    if (soundEnd < shownEnd) {
      shownIsLost = true;
      unheard
          .computeIfAbsent(partition, number -> new ArrayList<>())
          .add(new Unheard(soundEnd, shownEnd, seen.content().getLeaderEpoch()));
    }
    if (!left.isEmpty()) {
      reach.count(Reach.Place.LOSS_PERMITTED, left.size());
      permitted.computeIfAbsent(partition, number -> new TreeSet<>()).addAll(left);
    }
  }

  private boolean has(ReplicaLog log, int partition, long offset) {
    Ledger.Acked acked = ledger.acknowledged(partition).get(offset);
    return acked != null
        && offset < log.soundEnd()
        && acked.value().equals(log.values().get(offset));
  }

  /** Whether a copy has every acknowledged record of its partition, whole. */
  boolean hasAll(int partition, ReplicaLog log) {
    return ledger.acknowledged(partition).keySet().stream()
        .allMatch(offset -> has(log, partition, offset));
  }

  boolean mayBeLost(int partition, long offset) {
    Ledger.Acked acked = ledger.acknowledged(partition).get(offset);
    return permitted.getOrDefault(partition, Set.of()).contains(offset)
        || (acked != null
            && unheard.getOrDefault(partition, List.of()).stream()
                .anyMatch(lost -> lost.has(offset, acked.leaderEpoch())));
  }

  /** The topic is another one from here on. */
  void forget() {
    permitted.clear();
    unheard.clear();
    shownIsLost = false;
  }

  /** Of any partition, also of what was shown to readers and never acknowledged. */
  boolean lossIsPermitted() {
    return shownIsLost || !permitted.isEmpty();
  }
}
