package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.election.LogPosition;
import io.millrace.coordination.election.Loss;
import io.millrace.coordination.election.Remains;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.rpc.EventLoop;
import io.millrace.server.partition.PartitionId;
import io.millrace.storage.directory.Doubt;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes replicas out of their partitions' sets whose doubt has outlasted the start that it came
 * from: their nodes were not in the store then, and have been put there since, as of a ZooKeeper
 * that was restored. Until that is done such a replica neither leads nor follows, nor stands for
 * election, in any life of this broker. Owner: the store's loop, which is {@link Replicas}'s.
 *
 * <p>If we crash here: before the doubt is settled on disk the next life leaves again.
 */
final class LateLeaving {
  private static final Logger LOG = LoggerFactory.getLogger(LateLeaving.class);
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
  LateLeaving(
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

  /** What a start in doubt, or an earlier one, leaves of a replica. */
  static Loss loss(Doubt doubt) {
    return switch (doubt) {
      case UNFLUSHED -> Loss.UNFLUSHED;
      case FLUSHED -> Loss.FLUSHED;
      case COPY -> Loss.SINCE_A_COPY;
    };
  }

  /** Whether nothing else may be done about a replica that is open; then it is being taken out. */
  boolean mustComeFirst(Replica replica) {
    PartitionImage image = outlook.imageOf(replica.id);
    if (replica.stage != Replica.Stage.OPEN || image == null || outlook.incarnation() == 0) {
      return false; // without a registration, or a node, no role is given either
    }
    Optional<Doubt> doubt = partitions.doubtOf(replica.id);
    doubt.ifPresent(it -> begin(replica, image, it));
    return doubt.isPresent();
  }

  private void begin(Replica replica, PartitionImage image, Doubt doubt) {
    replica.stage = Replica.Stage.REPAIRING;
    if (wasMadeForThisLife(replica, image)) {
      settle(replica);
      return;
    }
    table.trouble(
        replica,
        "it may lack what the cluster counts on since this broker started in doubt, and leaves its"
            + " sets first");
    roles
        .leaveLate(replica, outlook.self(), new Remains(replica.position, loss(doubt)))
        .whenComplete(
            (left, bug) -> {
              if (bug == null && Boolean.TRUE.equals(left)) {
                settle(replica);
              } else {
                LOG.debug("{}: leaving its sets is tried again", replica.id, bug);
                loop.schedule(AGAIN_NANOS, () -> end(replica));
              }
            });
  }

  /** No node of an earlier time names an incarnation that has only just begun. */
  private boolean wasMadeForThisLife(Replica replica, PartitionImage image) {
    return replica.position.equals(LogPosition.NOTHING)
        && image.leader().isPresent()
        && image.leader().getAsInt() == outlook.self()
        && image.leaderIncarnation() == outlook.incarnation();
  }

  private void settle(Replica replica) {
    partitions.settleDoubt(
        replica.id,
        isDone -> {
          if (isDone) {
            end(replica);
          } else {
            loop.schedule(AGAIN_NANOS, () -> settle(replica));
          }
        });
  }

  private void end(Replica replica) {
    if (replica.stage == Replica.Stage.REPAIRING) {
      replica.stage = Replica.Stage.OPEN;
    }
    decide.accept(replica.id);
  }
}
