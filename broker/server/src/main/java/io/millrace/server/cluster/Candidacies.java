package io.millrace.server.cluster;

import io.millrace.coordination.election.LogPosition;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.SafetyRule;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;

/**
 * Stands for election where nobody leads, for replicas of this broker. Owner: the store's loop,
 * which is {@link Replicas}'s.
 */
final class Candidacies {
  private final EventLoop loop;
  private final Outlook outlook;
  private final LocalPartitions partitions;
  private final Elections elections;
  private final Roles roles;
  private boolean stopped;

  /** It gives way to other candidates, as far as there are any. */
  private boolean draining;

  /** Likewise: it could take no records. */
  private boolean isDiskFull;

  Candidacies(
      EventLoop loop,
      Outlook outlook,
      LocalPartitions partitions,
      Elections elections,
      Roles roles) {
    this.loop = loop;
    this.outlook = outlook;
    this.partitions = partitions;
    this.elections = elections;
    this.roles = roles;
  }

  void stop() {
    stopped = true;
  }

  void setDraining(boolean isDraining) {
    draining = isDraining;
  }

  void setDiskFull(boolean full) {
    isDiskFull = full;
  }

  /**
   * @param then when it has ended, whatever it came to
   */
  void begin(Replica replica, BiConsumer<Replica, Elections.Result> then) {
    if (replica.epochLed >= 0) {
      roles.stepDown(replica, "nobody leads, and a leader is being elected");
    }
    replica.electing = true;
    replica.electingOn = outlook.pictures();
    if (!replica.leaderless) {
      replica.leaderless = true;
      replica.leaderlessSinceNanos = loop.clock().nanoTime();
    }
    elections.run(
        replica,
        outlook.topicOf(replica.id),
        new Candidacy(replica),
        result -> {
          replica.electing = false;
          then.accept(replica, result);
        });
  }

  /** Whose leadership this replica may take: none while it has done that too often. */
  Set<Integer> suspectedBy(Replica replica) {
    return suspicionWaitNanos(replica) > 0 ? Set.of() : outlook.suspected();
  }

  /** How long it may take nobody's leadership for its silence; 0 when nobody is silent. */
  long suspicionWaitNanos(Replica replica) {
    long nowNanos = loop.clock().nanoTime();
    PartitionImage image = outlook.imageOf(replica.id);
    if (image != null && image.leader().isPresent()) {
      replica.suspicions.onLeader(image.leaderEpoch(), nowNanos);
    }
    return outlook.suspected().isEmpty() ? 0 : replica.suspicions.waitNanos(nowNanos);
  }

  private final class Candidacy implements Elections.Candidate {
    private final Replica replica;
    private Optional<LogPosition> flushed = Optional.empty();

    Candidacy(Replica replica) {
      this.replica = replica;
    }

    @Override
    public Catalog catalog() {
      return outlook.catalog();
    }

    @Override
    public int incarnation() {
      return outlook.incarnation();
    }

    @Override
    public boolean givesWay() {
      return draining || isDiskFull || replica.hasDamage;
    }

    @Override
    public Set<Integer> suspected() {
      return suspectedBy(replica);
    }

    @Override
    public CompletionStage<Boolean> prepare(boolean mustFlush) {
      if (replica.stage != Replica.Stage.OPEN || stopped) {
        return CompletableFuture.completedFuture(false);
      }
      PartitionImage image = outlook.imageOf(replica.id);
      int leader = image == null ? outlook.self() : image.leader().orElse(outlook.self());
      if (suspected().contains(leader)) {
        replica.suspicions.spend(loop.clock().nanoTime());
        outlook.depose(leader);
      }
      CompletionStage<Boolean> stoodDown =
          SafetyRule.H14.isLeftOut()
              ? CompletableFuture.completedFuture(true)
              : roles.stepDown(replica, "this broker stands for election");
      return mustFlush ? stoodDown.thenCompose(isDone -> flush()) : stoodDown;
    }

    private CompletionStage<Boolean> flush() {
      return partitions
          .flush(replica.id)
          .thenApply(
              end -> {
                flushed = end;
                return end.isPresent();
              });
    }

    @Override
    public Optional<LogPosition> flushedUpTo() {
      return flushed;
    }
  }
}
