package io.millrace.server.cluster;

import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.SafetyRule;
import io.millrace.server.partition.PartitionId;
import io.millrace.storage.log.LogOpening;
import java.util.function.Consumer;

/**
 * Opens this broker's logs, and again those that a passing trouble kept closed. Owner: the store's
 * loop, which is {@link Replicas}'s.
 */
final class Openings {
  private final Outlook outlook;
  private final LocalPartitions partitions;
  private final ReplicaTable table;
  private final LocalPartitions.RoleListener roles;
  private final Consumer<PartitionId> decide;
  private final Reopenings again;
  private final EventLoop loop;

  /**
   * @param roles hears of the partitions from then on
   * @param decide looks at a partition anew
   */
  Openings(
      EventLoop loop,
      Outlook outlook,
      LocalPartitions partitions,
      ReplicaTable table,
      LocalPartitions.RoleListener roles,
      Consumer<PartitionId> decide) {
    this.loop = loop;
    this.outlook = outlook;
    this.partitions = partitions;
    this.table = table;
    this.roles = roles;
    this.decide = decide;
    this.again = new Reopenings(loop, partitions, this::openAgain);
  }

  void open(Replica replica, TopicImage topic) {
    replica.stage = Replica.Stage.OPENING;
    table.begin(replica);
    replica.settings = topic.settings();
    replica.replicationFactor = topic.replicationFactor();
    partitions.open(replica.id, topic, roles, opened -> onOpened(replica, opened));
  }

  /** See {@link Replicas#whenAllIsOpened}. */
  void whenAllIsOpened(Runnable action) {
    again.whenNothingIsLeft(action);
  }

  /** What failed is not tried again. */
  void stop() {
    again.stop();
  }

  /** Its log has failed while it was in use: it is opened again, as after the process's end. */
  void failedInUse(Replica replica) {
    again.failed(replica, false);
  }

  private void onOpened(Replica replica, LocalPartitions.Opened opened) {
    table.end(replica);
    if (opened instanceof LocalPartitions.Opened.Open open) {
      replica.stage = Replica.Stage.OPEN;
      replica.openedNanos = loop.clock().nanoTime();
      replica.epochOnDisk = Math.max(replica.epochOnDisk, open.highestEpoch());
      replica.position = open.position();
      replica.trouble = "";
      again.ended(replica);
    } else {
      onNotOpened(replica, (LocalPartitions.Opened.Offline) opened);
    }
    decide.accept(replica.id);
    table.settle();
  }

  private void onNotOpened(Replica replica, LocalPartitions.Opened.Offline offline) {
    LogOpening.Cause cause = offline.cause();
    replica.stage = Replica.Stage.OFFLINE;
    replica.isDamaged = cause == LogOpening.Cause.DAMAGED;
    replica.damage = replica.isDamaged ? offline.why() : "";
    if (cause == LogOpening.Cause.DISK_FAILED) {
      table.trouble(replica, offline.why());
      again.stop();
    } else if (cause.mayPass() && !SafetyRule.F4.isLeftOut()) {
      table.trouble(replica, offline.why() + "; opening it is tried again by itself");
      again.failed(replica, cause == LogOpening.Cause.NO_ROOM);
    } else {
      table.trouble(replica, offline.why());
      again.ended(replica);
    }
  }

  private void openAgain(Replica replica) {
    TopicImage topic = outlook.topicOf(replica.id);
    boolean isHere = table.find(replica.id) == replica && replica.stage == Replica.Stage.OFFLINE;
    if (isHere && topic != null && !topic.deleting()) {
      String why = replica.trouble.isEmpty() ? "its log has failed" : replica.trouble;
      replica.stage = Replica.Stage.OPENING;
      partitions.letGo(replica.id, why, () -> open(replica, topic));
    } else {
      again.ended(replica); // if it is wanted again, it is opened as one that is new here
    }
  }
}
