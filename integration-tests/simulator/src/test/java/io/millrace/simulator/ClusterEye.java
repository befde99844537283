package io.millrace.simulator;

import io.millrace.coordination.store.MemoryEnsemble;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.TopicNode;
import io.millrace.coordination.v1.TopicState;
import io.millrace.server.partition.PartitionId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
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
  private static final String TOPIC = ZnodePaths.topic(Ledger.TOPIC);

  private final World world;
  private final Reach reach;
  private final Map<String, Seen> partitions = new TreeMap<>();
  private final Set<Integer> live = new HashSet<>();

  /** Of partitions that were given more: the replicas they were made with. */
  private final Map<String, List<Integer>> originals = new HashMap<>();

  /** When each broker's live node went. */
  private final Map<Integer, Long> goneAtNanos = new HashMap<>();

  /** Of the topic that is not being deleted; empty before there is one. */
  private String topicId = "";

  private boolean topicWasHidden;

  /** Its nodes are away for a while: who has copies is what they said last. */
  private boolean isHidden;

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
        goneAtNanos.put(id, world.scheduler().nanoTime());
      } else {
        live.add(id);
        if (Long.valueOf(world.scheduler().nanoTime()).equals(goneAtNanos.get(id))) {
          reach.count(Reach.Place.FAST_BOUNCE);
        }
      }
    } else if (path.equals(TOPIC) && now != null) {
      topic(now);
    } else if (path.startsWith(PARTITIONS) && path.indexOf('/', PARTITIONS.length()) > 0) {
      if (now == null && !isHidden) {
        partitions.remove(path);
      } else if (now != null) {
        partition(path, now);
      }
    }
  }

  private void topic(Node now) {
    if (ZnodeJson.TOPIC.read(now.data()) instanceof ZnodeReading.Understood<TopicNode> understood
        && understood.content().getState() == TopicState.ACTIVE) {
      topicId = understood.content().getTopicId();
    }
  }

  /** Empty before there is a topic. */
  String topicId() {
    return topicId;
  }

  /** From here on clients may have been told that there is no such topic. */
  void topicIsHidden() {
    topicWasHidden = true;
    isHidden = true;
  }

  /** Its nodes are there again. */
  void topicIsShown() {
    isHidden = false;
  }

  boolean isHidden() {
    return isHidden;
  }

  boolean topicWasHidden() {
    return topicWasHidden;
  }

  /** Whether a node says anything of the topic. */
  boolean isOfTopic(String path) {
    return path.equals(TOPIC)
        || path.startsWith(ZnodePaths.NAMES + "/")
        || path.equals(ZnodePaths.partitions(topicId))
        || path.startsWith(ZnodePaths.partitions(topicId) + "/");
  }

  @Override
  public void refused(List<StoreOp> steps) {
    for (StoreOp step : steps) {
      Seen seen = partitions.get(step.path());
      if (seen != null && step instanceof StoreOp.Set set) {
        reach.count(Reach.Place.IN_SYNC_CONFLICT);
        if (ZnodeJson.PARTITION.read(set.data())
                instanceof ZnodeReading.Understood<PartitionNode> wanted
            && wanted.content().getLeaderEpoch() < seen.content().getLeaderEpoch()
            && !seen.content().getInSyncList().containsAll(wanted.content().getInSyncList())
            && wanted.content().getInSyncList().contains(wanted.content().getLeader())) {
          growing(wanted.content(), seen.content());
        }
      }
    }
  }

  /** More than the two who are a leader and its successor. */
  private void growing(PartitionNode wanted, PartitionNode now) {
    Set<Integer> added = new HashSet<>(wanted.getInSyncList());
    now.getInSyncList().forEach(added::remove);
    added.remove(wanted.getLeader());
    if (!added.isEmpty()) {
      reach.count(Reach.Place.GROWING_DURING_ELECTION);
    }
  }

  @Override
  public void appliedUnheard(List<StoreOp> steps) {
    if (steps.stream().anyMatch(step -> partitions.containsKey(step.path()))) {
      reach.count(Reach.Place.UNKNOWN_OUTCOME_APPLIED);
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
    if (now.getReplicasCount() > before.getReplicasCount()) {
      reach.count(Reach.Place.REPLICAS_ADDED);
      originals.putIfAbsent(path, before.getReplicasList());
    }
    List<Integer> original = originals.get(path);
    if (otherLeader && original != null && !original.contains(now.getLeader())) {
      reach.count(Reach.Place.ADDED_LEADS);
    }
    if (now.getInSyncCount() > before.getInSyncCount()) {
      reach.count(Reach.Place.IN_SYNC_GROWS);
    }
    before.getRollCallList().stream()
        .filter(entry -> !before.getInSyncList().contains(entry.getBroker()))
        .filter(entry -> now.getInSyncList().contains(entry.getBroker()))
        .forEach(entry -> reach.count(Reach.Place.UNCLEAN_REJOIN));
    if (now.hasPossibleLoss() && !before.hasPossibleLoss()) {
      reach.count(Reach.Place.LOSS_FLAGGED);
    }
  }

  private static String leader(PartitionNode node) {
    return node.getLeader() + "/" + node.getLeaderIncarnation();
  }

  /** By path; of the topic that is not being deleted. */
  Map<String, Seen> partitions() {
    Map<String, Seen> own = new TreeMap<>();
    partitions.forEach(
        (path, seen) -> {
          if (Disks.topicIdOf(path).equals(topicId)) {
            own.put(path, seen);
          }
        });
    return own;
  }

  /** By path; of any topic whose id is wanted. */
  Map<String, Seen> partitionsOf(Predicate<String> topic) {
    Map<String, Seen> some = new TreeMap<>();
    partitions.forEach(
        (path, seen) -> {
          if (topic.test(Disks.topicIdOf(path))) {
            some.put(path, seen);
          }
        });
    return some;
  }

  @Nullable Seen partition(int number) {
    return topicId.isEmpty() ? null : partitions.get(ZnodePaths.partition(topicId, number));
  }

  boolean leadsAny(int broker) {
    return partitions().values().stream()
        .anyMatch(seen -> seen.content().hasLeader() && seen.content().getLeader() == broker);
  }

  /** Whether a partition is one of that topic. */
  boolean isOfTopic(PartitionId partition) {
    return partition.topicId().equals(topicId);
  }

  boolean isLive(int broker) {
    return live.contains(broker);
  }

  /** Whether anybody could be reading and writing all of them. */
  boolean allAreLed(int count) {
    Map<String, Seen> own = partitions();
    if (own.size() < count) {
      return false;
    }
    return own.values().stream()
        .allMatch(seen -> seen.content().hasLeader() && isLive(seen.content().getLeader()));
  }

  /** I13: led, and every replica in sync. */
  boolean allAreWhole(int count) {
    return allAreLed(count)
        && partitions().values().stream()
            .allMatch(
                seen ->
                    seen.content().getInSyncCount() == seen.content().getReplicasCount()
                        && seen.content().getEligibleCount() == 0);
  }
}
