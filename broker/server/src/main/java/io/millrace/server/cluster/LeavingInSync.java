package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.election.SelfRemoval;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.SafetyRule;
import io.millrace.server.partition.PartitionId;
import io.millrace.wire.v1.Follower;
import io.millrace.wire.v1.LeaveInSyncRequest;
import io.millrace.wire.v1.LeaveInSyncResult;
import io.millrace.wire.v1.ReplicaPartition;
import io.millrace.wire.v1.Request;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Before this broker stops, each leader takes it out of the in-sync set, so that nobody waits for
 * its fetches. Only leaders may: they alone know what is committed by counting on this replica
 * (H13). Owner: the store's loop. Used once.
 *
 * <p>It keeps fetching until all have, or until time is up: then it goes as one that has died, and
 * producers wait until the others have noticed.
 */
final class LeavingInSync {
  private static final Logger LOG = LoggerFactory.getLogger(LeavingInSync.class);
  private static final int MAX_IN_REQUEST = 5_000;
  private static final long ANSWER_NANOS = SECONDS.toNanos(2);
  private static final long AGAIN_NANOS = MILLISECONDS.toNanos(20);
  private static final long PATIENCE_NANOS = SECONDS.toNanos(5);

  /** Leaders that have lost ZooKeeper too, as is likely then, cannot do what they are asked. */
  private static final long PATIENCE_WITHOUT_CONTACT_NANOS = SECONDS.toNanos(1);

  private final EventLoop loop;
  private final Outlook outlook;
  private final ReplicaTable table;
  private final PeerCalls peers;
  private final SelfRemoval selfRemoval;
  private final Runnable then;
  private final long deadlineNanos;

  /** Confirmed by their leaders; the picture may come later. */
  private final Set<PartitionId> left = new HashSet<>();

  private int pending;

  /**
   * @param then on the loop, in bounded time
   */
  LeavingInSync(
      ClusterStore store,
      Outlook outlook,
      ReplicaTable table,
      PeerCalls peers,
      SelfRemoval selfRemoval,
      Runnable then) {
    this.loop = store.loop();
    this.outlook = outlook;
    this.table = table;
    this.peers = peers;
    this.selfRemoval = selfRemoval;
    this.then = then;
    this.deadlineNanos =
        loop.clock().nanoTime()
            + (store.sessionId().isPresent() ? PATIENCE_NANOS : PATIENCE_WITHOUT_CONTACT_NANOS);
  }

  void start() {
    Map<Integer, List<ReplicaPartition>> byLeader = byLeader();
    if (byLeader.isEmpty() || loop.clock().nanoTime() - deadlineNanos >= 0) {
      if (!byLeader.isEmpty()) {
        LOG.warn(
            "brokers {} did not take this one out of their in-sync sets in time",
            byLeader.keySet());
      }
      then.run();
      return;
    }
    pending = 1;
    byLeader.forEach(this::ask);
    ended();
  }

  private Map<Integer, List<ReplicaPartition>> byLeader() {
    Map<Integer, List<ReplicaPartition>> byLeader = new TreeMap<>();
    for (Replica replica : table.all()) {
      ReplicaPlan.Follow followed = replica.followed;
      PartitionImage image = outlook.imageOf(replica.id);
      boolean isMember =
          image != null
              && (image.inSync().contains(outlook.self())
                  || image.leaderEpoch() < replica.highestEpochSeen());
      if (followed != null
          && isMember
          && !replica.hasLeft
          && !left.contains(replica.id)
          && outlook.up().containsKey(followed.leader())) {
        byLeader
            .computeIfAbsent(followed.leader(), leader -> new ArrayList<>())
            .add(
                ReplicaPartition.newBuilder()
                    .setTopicId(replica.id.topicId())
                    .setPartition(replica.id.partition())
                    .setLeaderEpoch(followed.epoch())
                    .build());
      }
    }
    return byLeader;
  }

  private void ask(int leader, List<ReplicaPartition> partitions) {
    if (SafetyRule.H13.isLeftOut()) {
      partitions.forEach(this::removeSelf);
      return;
    }
    BrokerImage peer = outlook.catalog().image().brokers().get(leader);
    if (peer == null) {
      return;
    }
    LeaveInSyncRequest.Builder leave =
        LeaveInSyncRequest.newBuilder()
            .setFollower(
                Follower.newBuilder()
                    .setBrokerId(outlook.self())
                    .setIncarnation(outlook.incarnation())
                    .setDraining(true))
            .addAllPartitions(partitions.subList(0, Math.min(MAX_IN_REQUEST, partitions.size())));
    long leftNanos = deadlineNanos - loop.clock().nanoTime();
    pending++;
    peers
        .ask(
            peer,
            Request.newBuilder().setLeaveInSync(leave),
            Math.min(ANSWER_NANOS, Math.max(leftNanos, AGAIN_NANOS)))
        .thenAccept(
            outcome -> {
              LOG.debug("leaving the sets of broker {}: {}", leader, outcome);
              if (outcome instanceof PeerCalls.Outcome.Answered answered) {
                answered.response().getLeaveInSync().getResultsList().forEach(this::onResult);
              }
              ended();
            });
  }

  private void removeSelf(ReplicaPartition which) {
    pending++;
    selfRemoval
        .leave(which.getTopicId(), which.getPartition(), outlook.self())
        .thenAccept(
            written -> {
              left.add(new PartitionId(which.getTopicId(), which.getPartition()));
              ended();
            });
  }

  private void onResult(LeaveInSyncResult result) {
    if (!result.hasError()) {
      left.add(new PartitionId(result.getTopicId(), result.getPartition()));
    }
  }

  private void ended() {
    if (--pending == 0) {
      loop.schedule(AGAIN_NANOS, this::start);
    }
  }
}
