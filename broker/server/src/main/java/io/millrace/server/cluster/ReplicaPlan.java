package io.millrace.server.cluster;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.SafetyRule;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What this broker does about one partition, from what the cluster says and what it has. Pure. */
sealed interface ReplicaPlan {
  /** All is as it should be, or nothing can be done now. */
  record Nothing() implements ReplicaPlan {}

  /** It is assigned to this broker, which does not have it open yet. */
  record Open() implements ReplicaPlan {}

  /** This broker has been named, in its present life, and does not serve yet. */
  record Lead(int epoch) implements ReplicaPlan {}

  /**
   * Another broker leads, in the life it was named in, and this replica does not copy from it yet.
   */
  record Follow(int leader, int incarnation, int epoch) implements ReplicaPlan {}

  /**
   * Neither lead nor follow.
   *
   * @param why as a clause
   */
  record StepDown(String why) implements ReplicaPlan {}

  /** Whoever was named is gone: ask whether this replica takes its place. */
  record Elect() implements ReplicaPlan {}

  /** The topic is being deleted: put the data into the trash and say so. */
  record Delete() implements ReplicaPlan {}

  /** What the cluster says cannot be right: keep the data, serve nothing, tell a person. */
  record Distrust(String why) implements ReplicaPlan {}

  /**
   * What this broker has of the partition.
   *
   * @param exists its log is open, being opened, or could not be
   * @param open it can be led
   * @param epochOnDisk the highest leader epoch that was remembered when it was opened
   * @param epochWritten the highest one that this broker has been elected in since
   * @param epochLed in which it serves, or is about to; -1 for none
   * @param followed whom it copies from, or is about to; null for nobody
   */
  record Local(
      boolean exists,
      boolean open,
      int epochOnDisk,
      int epochWritten,
      int epochLed,
      @Nullable Follow followed) {
    static final Local NONE = new Local(false, false, -1, -1, -1, null);

    boolean isActive() {
      return epochLed >= 0 || followed != null;
    }
  }

  /**
   * @param self this broker's id
   * @param incarnation of its present registration, 0 without one
   * @param suspected brokers that are taken for dead although their sessions stand
   * @param topic by the partition's topic id; null when the cluster knows no such topic
   * @param partition null when its state is missing or cannot be read
   */
  static ReplicaPlan decide(
      int self,
      int incarnation,
      ClusterImage image,
      Set<Integer> suspected,
      @Nullable TopicImage topic,
      @Nullable PartitionImage partition,
      Local local) {
    if (topic == null) {
      return local.exists()
          ? new Distrust(
              "its topic has vanished from the cluster's store and was not deleted; the data stays")
          : new Nothing();
    }
    if (topic.deleting()) {
      boolean assigned = partition != null && partition.replicas().contains(self);
      return local.exists() || assigned ? new Delete() : new Nothing();
    }
    if (partition == null) {
      return new Nothing(); // what was known last is still the best there is
    }
    if (!partition.replicas().contains(self)) {
      return stepDown(local, "this broker has no replica any more");
    }
    if (!local.exists()) {
      return new Open();
    }
    if (!local.open() || partition.leaderEpoch() < local.epochWritten()) {
      return new Nothing(); // the image is behind this broker's own write
    }
    if (partition.leaderEpoch() < local.epochOnDisk()) {
      return new Distrust(
          "its leader epoch in the cluster's store is "
              + partition.leaderEpoch()
              + ", and this broker has seen "
              + local.epochOnDisk()
              + ": the store has gone back in time, as when restored from a backup");
    }
    return incarnation == 0
        ? stepDown(local, "this broker is not registered")
        : led(self, incarnation, image, suspected, partition, local);
  }

  private static ReplicaPlan led(
      int self,
      int incarnation,
      ClusterImage image,
      Set<Integer> suspected,
      PartitionImage partition,
      Local local) {
    if (partition.leader().isEmpty()) {
      return new Elect();
    }
    int leader = partition.leader().getAsInt();
    int epoch = partition.leaderEpoch();
    if (leader == self) {
      boolean isThisLife =
          partition.leaderIncarnation() == incarnation || SafetyRule.H9.isLeftOut();
      if (!isThisLife) {
        return new Elect();
      }
      return local.epochLed() == epoch ? new Nothing() : new Lead(epoch);
    }
    BrokerImage live = image.brokers().get(leader);
    if (live == null || suspected.contains(leader)) {
      return new Elect();
    }
    if (live.incarnation() != partition.leaderIncarnation() && !SafetyRule.R8.isLeftOut()) {
      return new Elect();
    }
    Follow follow = new Follow(leader, live.incarnation(), epoch);
    return follow.equals(local.followed()) ? new Nothing() : follow;
  }

  private static ReplicaPlan stepDown(Local local, String why) {
    return local.isActive() ? new StepDown(why) : new Nothing();
  }
}
