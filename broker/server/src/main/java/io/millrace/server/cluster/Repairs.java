package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.view.PartitionImage;
import io.millrace.rpc.EventLoop;
import io.millrace.server.partition.PartitionId;
import java.util.function.Consumer;
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

  private final EventLoop loop;
  private final Outlook outlook;
  private final LocalPartitions partitions;
  private final Roles roles;
  private final ReplicaTable table;
  private final Consumer<PartitionId> decide;

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

  /** Of one that is damaged and offline, whenever something has changed around it. */
  void repair(Replica replica) {
    PartitionImage image = outlook.imageOf(replica.id);
    if (image == null) {
      return;
    }
    if (replica.wasOpen) {
      // Its leader counts on what this life has fetched, and could take an empty copy back for it.
      table.trouble(
          replica,
          "it is damaged, and was in use when that was found. Restart this broker to have it copied"
              + " anew");
      return;
    }
    RepairPlan plan =
        RepairPlan.decide(outlook.self(), outlook.incarnation(), outlook.catalog().image(), image);
    if (plan == RepairPlan.LEAVE) {
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
    } else if (plan == RepairPlan.COPY_ANEW) {
      replica.stage = Replica.Stage.REPAIRING;
      partitions.setAside(replica.id, done -> onSetAside(replica, done));
    }
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

  private void later(Replica replica) {
    replica.stage = Replica.Stage.OFFLINE;
    loop.schedule(AGAIN_NANOS, () -> decide.accept(replica.id));
  }
}
