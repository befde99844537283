package io.millrace.server.explain;

import io.millrace.coordination.view.PartitionImage;
import io.millrace.server.replica.FollowerSnapshot;
import io.millrace.server.replica.LeaderSnapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Which replicas have everything, and how far the others are. Pure. */
final class ReplicaFindings {
  /** What a follower may always lack for: a fetch is under way, or waits for records. */
  private static final long USUAL_NANOS = 1_000_000_000;

  private ReplicaFindings() {}

  static List<Finding> of(PartitionScene scene, PartitionImage partition) {
    List<Finding> findings = new ArrayList<>();
    int inSync = partition.inSync().size();
    int all = partition.replicas().size();
    if (inSync < scene.minInSync()) {
      findings.add(
          Finding.of(
              Reason.BELOW_MINIMUM,
              "%d of %d replicas in sync %s, and the topic wants %d"
                  .formatted(inSync, all, partition.inSync(), scene.minInSync())));
    }
    if (!partition.eligible().isEmpty()) {
      findings.add(
          Finding.of(
              Reason.ELIGIBLE_SET,
              "brokers %s hold all committed records, and may lead when none of the in-sync ones %s"
                      .formatted(partition.eligible(), partition.inSync())
                  + " lives"));
    }
    Optional<LeaderSnapshot> leader = scene.here().flatMap(PartitionScene.Here::leading);
    for (int replica : partition.replicas()) {
      boolean isLeader = partition.leader().isPresent() && partition.leader().getAsInt() == replica;
      if (!scene.isLive(replica)) {
        findings.add(down(partition, replica));
      } else if (!isLeader) {
        live(scene, partition, leader, replica).ifPresent(findings::add);
      }
    }
    leader.map(LeaderSnapshot::change).ifPresent(change -> findings.add(changing(leader.get())));
    if (inSync == all && partition.replicas().stream().allMatch(scene::isLive)) {
      findings.add(
          Finding.of(
              Reason.IN_SYNC,
              all == 1
                  ? "the only replica, on broker " + partition.replicas().get(0)
                  : "all %d replicas are in sync: %s".formatted(all, partition.replicas())));
    }
    return findings;
  }

  private static Finding down(PartitionImage partition, int replica) {
    String had =
        partition.inSync().contains(replica)
            ? ", and still counts as in sync"
            : partition.eligible().contains(replica) ? ", and holds all committed records" : "";
    return Finding.of(Reason.REPLICA_DOWN, "broker " + replica + " is not live" + had);
  }

  private static Optional<Finding> live(
      PartitionScene scene,
      PartitionImage partition,
      Optional<LeaderSnapshot> leader,
      int replica) {
    boolean inSync = partition.inSync().contains(replica);
    if (leader.isEmpty()) {
      return inSync
          ? Optional.empty()
          : Optional.of(Finding.of(Reason.OUT_OF_SYNC, "broker " + replica + " is not in sync"));
    }
    return leader.get().followers().stream()
        .filter(follower -> follower.broker() == replica)
        .findFirst()
        .flatMap(follower -> follower(scene.moment(), leader.get(), follower, inSync));
  }

  private static Optional<Finding> follower(
      PartitionScene.Moment now, LeaderSnapshot leader, FollowerSnapshot follower, boolean inSync) {
    int broker = follower.broker();
    if (follower.offset() < 0) {
      return Optional.of(
          Finding.of(
              Reason.NOT_FETCHING,
              "broker %d has not fetched in epoch %d".formatted(broker, leader.epoch())));
    }
    long silentNanos = now.nanos() - follower.fetchedNanos();
    if (silentNanos > USUAL_NANOS) {
      return Optional.of(
          new Finding(
              Reason.NOT_FETCHING,
              "broker %d has not fetched for %,d ms; it holds all below offset %d of %d"
                  .formatted(broker, silentNanos / 1_000_000, follower.offset(), leader.logEnd()),
              OptionalLong.of(now.wallMillisOf(follower.fetchedNanos()))));
    }
    long lacks = leader.logEnd() - follower.offset();
    boolean isLate = now.nanos() - follower.caughtUpNanos() > USUAL_NANOS;
    if (inSync && (lacks == 0 || !isLate)) {
      return Optional.empty();
    }
    OptionalLong since = OptionalLong.of(now.wallMillisOf(follower.caughtUpNanos()));
    String behind =
        lacks == 0
            ? "broker %d has everything and is about to join".formatted(broker)
            : "broker %d is %,d record(s) behind, at offset %d of %d"
                .formatted(broker, lacks, follower.offset(), leader.logEnd());
    return Optional.of(
        new Finding(
            inSync ? Reason.LAGGING : Reason.CATCHING_UP,
            behind,
            lacks == 0 ? OptionalLong.empty() : since));
  }

  private static Finding changing(LeaderSnapshot leader) {
    return Finding.of(
        Reason.SETS_CHANGING,
        "the in-sync replicas %s are to be %s: %s"
            .formatted(
                leader.confirmed().inSync(),
                java.util.Objects.requireNonNull(leader.change()).inSync(),
                leader.change().why()));
  }
}
