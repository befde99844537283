package io.millrace.server.explain;

import io.millrace.coordination.view.PartitionImage;
import io.millrace.server.partition.PartitionReading;
import io.millrace.server.replica.LeaderSnapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Why a partition is as it is. Pure. */
public final class PartitionExplanation {
  private PartitionExplanation() {}

  /** Never empty; the worst first. */
  public static List<Finding> of(PartitionScene scene) {
    List<Finding> findings = new ArrayList<>();
    if (scene.topic().deleting()) {
      findings.add(
          Finding.of(Reason.TOPIC_DELETING, "topic " + scene.topic().name() + " is being deleted"));
    }
    PartitionImage partition = scene.partition();
    if (partition == null || (!scene.refused().isEmpty() && !hasStoreGoneBack(scene))) {
      findings.add(unreadable(scene, partition != null));
    }
    if (partition != null) {
      findings.addAll(LeadershipFindings.of(scene, partition));
      findings.addAll(ReplicaFindings.of(scene, partition));
    }
    scene.here().ifPresent(here -> findings.addAll(here(scene, here)));
    findings.addAll(scene.waits());
    return Finding.sorted(findings);
  }

  /** Which says the same, and more. */
  private static boolean hasStoreGoneBack(PartitionScene scene) {
    return scene.waits().stream().anyMatch(each -> each.reason() == Reason.STORE_WENT_BACK);
  }

  private static Finding unreadable(PartitionScene scene, boolean wasReadable) {
    return Finding.of(
        Reason.STATE_UNREADABLE,
        "/partitions/%s/%d in ZooKeeper is missing or makes no sense%s%s"
            .formatted(
                scene.topic().id(),
                scene.number(),
                scene.refused().isEmpty() ? "" : ": " + scene.refused(),
                wasReadable ? "; what it held before goes on, and nobody can be elected" : ""));
  }

  private static List<Finding> here(PartitionScene scene, PartitionScene.Here here) {
    PartitionReading reading = here.reading();
    if (reading.state() == PartitionReading.State.OFFLINE) {
      return List.of(
          Finding.of(
              Reason.OFFLINE_LOG, "the replica on broker " + scene.self() + " cannot be used"));
    }
    if (!reading.trouble().isEmpty()) {
      return List.of(
          Finding.of(
              Reason.NOT_COPYING,
              "broker %d has records up to offset %d, and cannot copy more for now: %s"
                  .formatted(scene.self(), reading.endOffset(), reading.trouble())));
    }
    if (reading.state() == PartitionReading.State.FOLLOWING) {
      return List.of(
          Finding.of(
              Reason.FOLLOWING,
              "broker %d copies it, has records up to offset %d, and knows all below %d to be"
                      .formatted(scene.self(), reading.endOffset(), reading.visibleOffset())
                  + " committed"));
    }
    Optional<LeaderSnapshot> leading = here.leading();
    return leading.isPresent() ? committing(leading.get()) : List.of();
  }

  /** What the records wait for that are not committed. */
  private static List<Finding> committing(LeaderSnapshot leader) {
    long waiting = leader.logEnd() - leader.highWatermark();
    if (waiting <= 0) {
      return List.of();
    }
    List<String> holders = new ArrayList<>();
    leader.followers().stream()
        .filter(each -> counts(leader, each.broker()))
        .filter(each -> each.offset() < leader.logEnd())
        .forEach(
            each ->
                holders.add(
                    each.offset() < 0
                        ? "broker %d, which has not fetched in this epoch".formatted(each.broker())
                        : "broker %d, which holds all below %d"
                            .formatted(each.broker(), each.offset())));
    if (leader.flushedEnd() < leader.logEnd() && holders.isEmpty()) {
      holders.add("the disk here, which has all below " + leader.flushedEnd());
    }
    String forWhom = holders.isEmpty() ? "" : ", for " + String.join(" and ", holders);
    return List.of(
        Finding.of(
            Reason.COMMITTING,
            "%,d record(s) from offset %d on wait to be committed%s"
                .formatted(waiting, leader.highWatermark(), forWhom)));
  }

  private static boolean counts(LeaderSnapshot leader, int broker) {
    return leader.confirmed().inSync().contains(broker)
        || (leader.change() != null && leader.change().inSync().contains(broker));
  }
}
