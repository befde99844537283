package io.millrace.server.cluster;

import io.millrace.coordination.election.LeavingInDoubt;
import io.millrace.coordination.election.LogPosition;
import io.millrace.coordination.election.Remains;
import io.millrace.coordination.election.SetsWrite;
import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.replica.SetsChange;
import io.millrace.server.replica.SetsOutcome;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells partitions, and who fetches for them, what they are: leader, follower, or neither. Owner:
 * the store's loop, which is {@link Replicas}'s. Decides nothing.
 */
public final class Roles {
  private static final Logger LOG = LoggerFactory.getLogger(Roles.class);

  private final LocalPartitions partitions;
  private final Copying copying;
  private final SetsWrite setsWrite;
  private final LeavingInDoubt leaving;

  public Roles(
      LocalPartitions partitions, Copying copying, SetsWrite setsWrite, LeavingInDoubt leaving) {
    this.partitions = partitions;
    this.copying = copying;
    this.setsWrite = setsWrite;
    this.leaving = leaving;
  }

  void onBrokers(Map<Integer, BrokerImage> live) {
    copying.onBrokers(live);
  }

  /**
   * @param up incarnations of the brokers that are live and not suspected
   * @param refused if the partition will not
   */
  void lead(
      Replica replica, PartitionImage image, Map<Integer, Integer> up, Consumer<String> refused) {
    LOG.debug("{}: about to lead in epoch {}", replica.id, image.leaderEpoch());
    copying.lead(replica.id, image.replicas());
    replica.rolesTold++;
    replica.followed = null;
    replica.epochLed = image.leaderEpoch();
    replica.epochTold = Math.max(replica.epochTold, image.leaderEpoch());
    replica.incarnationLed = image.leaderIncarnation();
    replica.versionTold = image.version();
    replica.upTold = up;
    partitions.lead(replica.id, PartitionStates.of(image), up, refused);
  }

  /** From the moment it has agreed, what is fetched for it in that epoch is taken. */
  void follow(
      Replica replica, ReplicaPlan.Follow follow, PartitionImage image, Consumer<String> refused) {
    if (replica.epochLed >= 0) {
      LOG.debug("{}: leading no longer, broker {} does", replica.id, follow.leader());
    }
    LOG.debug("{}: following broker {} in epoch {}", replica.id, follow.leader(), follow.epoch());
    copying.unfollow(replica.id);
    int told = ++replica.rolesTold;
    replica.epochLed = -1;
    replica.followed = follow;
    replica.epochTold = Math.max(replica.epochTold, follow.epoch());
    replica.versionTold = image.version();
    partitions.follow(
        replica.id,
        PartitionStates.of(image),
        refusal -> {
          if (replica.rolesTold != told) {
            return; // something else has been decided meanwhile
          }
          if (refusal.isPresent()) {
            replica.followed = null;
            refused.accept(refusal.get());
          } else if (!replica.hasLeft) {
            copying.follow(replica.id, follow.leader(), follow.incarnation(), follow.epoch());
          }
        });
  }

  /**
   * Neither leads nor follows from now on.
   *
   * @return completes on the store's loop once the partition has heard it: after that nothing that
   *     was fetched is taken any more
   */
  CompletionStage<Boolean> stepDown(Replica replica, String why) {
    copying.unfollow(replica.id);
    replica.rolesTold++;
    replica.epochLed = -1;
    replica.followed = null;
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    partitions.stepDown(replica.id, why, () -> done.complete(true));
    return done;
  }

  /** Its log has failed, or its data goes. */
  void forget(Replica replica) {
    copying.unfollow(replica.id);
    replica.rolesTold++;
    replica.epochLed = -1;
    replica.followed = null;
  }

  /** Takes this broker's damaged copy out of the partition's sets; true when that is confirmed. */
  CompletionStage<Boolean> leaveDamaged(Replica replica, int self) {
    return leaving.leaveDamaged(replica.id.topicId(), replica.id.partition(), self);
  }

  /** Takes this broker out of the partition's sets; true when that is confirmed. */
  CompletionStage<Boolean> leaveLate(Replica replica, int self, Remains remains) {
    return leaving.leaveLate(replica.id.topicId(), replica.id.partition(), self, remains);
  }

  /** What has changed around a partition whose role stays as it is. */
  void tell(Replica replica, PartitionImage image, Map<Integer, Integer> up) {
    boolean isNews = image.version() != replica.versionTold;
    if (replica.epochLed >= 0 ? isNews || replica.upTold != up : isNews && replica.isFollowing()) {
      replica.versionTold = image.version();
      replica.upTold = up;
      if (replica.epochLed >= 0) {
        copying.lead(replica.id, image.replicas()); // there may be more of them
      }
      partitions.onState(replica.id, PartitionStates.of(image), up);
    }
  }

  /**
   * A leader wants its sets to be others: written, and the partition told of the outcome.
   *
   * @param flushed how far its log is on the disk
   * @param incarnation of this broker's present registration
   */
  void changeSets(
      Replica replica, int self, int incarnation, SetsChange change, LogPosition flushed) {
    PartitionId id = replica.id;
    if (replica.epochLed != change.leaderEpoch() || replica.incarnationLed != incarnation) {
      partitions.onSetsOutcome(
          id, new SetsOutcome.Refused("this broker does not lead in that epoch any more"));
      return;
    }
    setsWrite
        .write(id.topicId(), id.partition(), PartitionStates.of(change, flushed, self, incarnation))
        .whenComplete(
            (outcome, bug) -> {
              if (bug != null) {
                LOG.error("{}: writing its in-sync set failed", id, bug);
              }
              partitions.onSetsOutcome(
                  id,
                  bug == null
                      ? PartitionStates.of(outcome)
                      : new SetsOutcome.Unknown("the write failed: " + bug));
            });
  }
}
