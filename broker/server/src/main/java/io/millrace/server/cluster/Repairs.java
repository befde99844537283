package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.rpc.EventLoop;
import io.millrace.server.partition.PartitionId;
import io.millrace.wire.v1.Follower;
import io.millrace.wire.v1.LeaveInSyncRequest;
import io.millrace.wire.v1.ReplicaPartition;
import io.millrace.wire.v1.Request;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has copies that were damaged when they were opened made anew: does what {@link RepairPlan} says.
 * Owner: the store's loop, which is {@link Replicas}'s.
 */
final class Repairs {
  private static final Logger LOG = LoggerFactory.getLogger(Repairs.class);

  /** By then the cluster's picture shows what was written. */
  private static final long AGAIN_NANOS = SECONDS.toNanos(1);

  private static final long ANSWER_NANOS = SECONDS.toNanos(5);

  /** A disk that damages every copy is not given one after the other. */
  private static final long COPY_AGAIN_NANOS = SECONDS.toNanos(10);

  private final EventLoop loop;
  private final Outlook outlook;
  private final LocalPartitions partitions;
  private final Roles roles;
  private final ReplicaTable table;
  private final Consumer<PartitionId> decide;

  /** When each partition was last begun anew in this life. */
  private final Map<PartitionId, Long> begunAnewNanos = new HashMap<>();

  private @Nullable PeerCalls peers;

  /**
   * @param decide looks at a partition anew
   */
  Repairs(
      EventLoop loop,
      Outlook outlook,
      LocalPartitions partitions,
      Roles roles,
      ReplicaTable table,
      Consumer<PartitionId> decide) {
    this.loop = loop;
    this.outlook = outlook;
    this.partitions = partitions;
    this.roles = roles;
    this.table = table;
    this.decide = decide;
  }

  /** Before the first picture. */
  void setPeers(PeerCalls calls) {
    peers = calls;
  }

  /** Of one that is damaged and offline, whenever something has changed around it. */
  void repair(Replica replica) {
    PartitionImage image = outlook.imageOf(replica.id);
    if (image == null) {
      return;
    }
    RepairPlan plan =
        RepairPlan.decide(
            outlook.self(),
            outlook.incarnation(),
            outlook.catalog().image(),
            image,
            replica.epochTold);
    switch (plan) {
      case WAIT -> explain(replica, whatHelps(image));
      case RESIGN -> leave(replica);
      case ASK_THE_LEADER -> askTheLeader(replica, image);
      case LEAVE -> leave(replica);
      case COPY_ANEW -> copyAnew(replica);
    }
  }

  /** It may be the last whole copy of something, so nothing is done about it. */
  private static String whatHelps(PartitionImage image) {
    return image.replicas().size() == 1
        ? "it is the only replica, so nothing was touched: restore its files, or delete the topic"
        : "it is copied anew once another replica leads; if all others wait for this one, restore its"
            + " files, or go on without what only it has by topic elect --unclean";
  }

  private void explain(Replica replica, String what) {
    table.trouble(replica, replica.damage + "; " + what);
  }

  private void leave(Replica replica) {
    replica.stage = Replica.Stage.REPAIRING;
    roles
        .leaveDamaged(replica, outlook.self())
        .whenComplete(
            (left, bug) -> {
              if (bug != null) {
                LOG.error("{}: leaving the sets failed", replica.id, bug);
              }
              later(replica);
            });
  }

  /**
   * What comes of it is seen in the partition's node. If we crash here: the next life finds the
   * same damage, and nobody counts on what this one had.
   */
  private void askTheLeader(Replica replica, PartitionImage image) {
    PeerCalls calls = peers;
    BrokerImage leader = outlook.catalog().image().brokers().get(image.leader().orElseThrow());
    if (calls == null || leader == null) {
      return;
    }
    replica.stage = Replica.Stage.REPAIRING;
    explain(
        replica,
        "broker "
            + leader.id()
            + " is asked to lead in a new epoch, in which this replica can begin anew");
    calls
        .ask(leader, askingFor(replica.id, image.leaderEpoch()), ANSWER_NANOS)
        .whenComplete(
            (outcome, bug) -> {
              if (bug != null) {
                LOG.error("{}: asking broker {} failed", replica.id, leader.id(), bug);
              }
              LOG.debug("{}: broker {} says: {}", replica.id, leader.id(), outcome);
              later(replica);
            });
  }

  private Request.Builder askingFor(PartitionId id, int epoch) {
    return Request.newBuilder()
        .setLeaveInSync(
            LeaveInSyncRequest.newBuilder()
                .setFollower(
                    Follower.newBuilder()
                        .setBrokerId(outlook.self())
                        .setIncarnation(outlook.incarnation()))
                .setCopiesLost(true)
                .addPartitions(
                    ReplicaPartition.newBuilder()
                        .setTopicId(id.topicId())
                        .setPartition(id.partition())
                        .setLeaderEpoch(epoch)));
  }

  private void copyAnew(Replica replica) {
    long now = loop.clock().nanoTime();
    Long last = begunAnewNanos.get(replica.id);
    replica.stage = Replica.Stage.REPAIRING;
    if (last != null && now - last < COPY_AGAIN_NANOS) {
      loop.schedule(COPY_AGAIN_NANOS - (now - last), () -> decideAgain(replica));
      return;
    }
    begunAnewNanos.put(replica.id, now);
    partitions.setAside(replica.id, done -> onSetAside(replica, done));
  }

  /**
   * Its log has failed while it led. Nothing is acknowledged by it any more, and no leader counts
   * fetches of this life of it, so it may leave by itself.
   */
  void giveUpLeadership(Replica replica) {
    PartitionImage image = outlook.imageOf(replica.id);
    if (image != null && RepairPlan.mustResign(outlook.self(), outlook.incarnation(), image)) {
      roles
          .leaveDamaged(replica, outlook.self())
          .whenComplete(
              (left, bug) -> {
                if (bug != null || !Boolean.TRUE.equals(left)) {
                  LOG.warn("{}: giving up its leadership is tried again", replica.id, bug);
                  loop.schedule(AGAIN_NANOS, () -> giveUpLeadership(replica));
                }
              });
    }
  }

  private void onSetAside(Replica replica, boolean done) {
    if (done) {
      LOG.warn(
          "{}: what was left of the damaged copy is in the trash; all is copied anew", replica.id);
      table.remove(replica.id);
      decide.accept(replica.id); // opens it, as one that is new here
    } else {
      later(replica);
    }
  }

  /** Or with the next picture, if that comes before. */
  private void later(Replica replica) {
    replica.stage = Replica.Stage.OFFLINE;
    loop.schedule(AGAIN_NANOS, () -> decide.accept(replica.id));
  }

  private void decideAgain(Replica replica) {
    replica.stage = Replica.Stage.OFFLINE;
    decide.accept(replica.id);
  }
}
