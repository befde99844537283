package io.millrace.server.explain;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.server.partition.PartitionReading;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Who leads, or why nobody does. Pure. */
final class LeadershipFindings {
  private LeadershipFindings() {}

  static List<Finding> of(PartitionScene scene, PartitionImage partition) {
    List<Finding> findings = new ArrayList<>();
    findings.add(scene.isLed(partition) ? led(scene, partition) : nobody(scene, partition));
    if (!scene.isLed(partition) && !partition.rollCall().isEmpty()) {
      findings.add(rollCall(partition));
    }
    scene
        .offlineElsewhere()
        .forEach((broker, why) -> findings.add(offline(scene, partition, broker, why)));
    if (scene.isLed(partition)) {
      int leader = partition.leader().getAsInt();
      if (scene.suspected().containsKey(leader)) {
        findings.add(
            Finding.of(
                Reason.LEADER_SUSPECTED,
                "broker %d does not answer broker %d: %s"
                    .formatted(leader, scene.self(), scene.suspected().get(leader))));
      }
      preferred(scene, partition).ifPresent(findings::add);
    }
    if (!partition.possibleLoss().isEmpty()) {
      findings.add(
          Finding.of(
              Reason.POSSIBLE_LOSS,
              "committed records may be missing: " + partition.possibleLoss()));
    }
    return findings;
  }

  private static Finding led(PartitionScene scene, PartitionImage partition) {
    int leader = partition.leader().getAsInt();
    String leads = "broker %d leads in epoch %d".formatted(leader, partition.leaderEpoch());
    String lastChange =
        partition.lastChange().isEmpty() ? "" : "; last change: " + partition.lastChange();
    if (scene.offlineElsewhere().containsKey(leader)) {
      return notServing(partition, leader, "offline");
    }
    if (leader != scene.self()) {
      return Finding.of(Reason.LED, leads + lastChange);
    }
    Optional<PartitionReading.State> state = scene.here().map(here -> here.reading().state());
    if (state.equals(Optional.of(PartitionReading.State.LED))) {
      return Finding.of(Reason.LED, leads + lastChange);
    }
    if (state.equals(Optional.of(PartitionReading.State.PREPARING))) {
      return Finding.of(
          Reason.LEADER_PREPARING,
          "broker %d has been elected in epoch %d and leads as soon as its log has been cut"
              .formatted(leader, partition.leaderEpoch()));
    }
    return notServing(
        partition, leader, state.map(PartitionReading.State::text).orElse("not open"));
  }

  private static Finding notServing(PartitionImage partition, int leader, String state) {
    return Finding.of(
        Reason.LEADER_NOT_SERVING,
        "broker %d is named as the leader in epoch %d and does not lead: its replica is %s"
            .formatted(leader, partition.leaderEpoch(), state));
  }

  private static Finding nobody(PartitionScene scene, PartitionImage partition) {
    String before = whoLed(scene, partition);
    Optional<Integer> next =
        partition.replicas().stream()
            .filter(partition.inSync()::contains)
            .filter(scene::mayLead)
            .findFirst();
    if (next.isPresent()) {
      return Finding.of(
          Reason.ELECTION,
          "nobody leads: %s; broker %d, in sync, is first to take its place"
              .formatted(before, next.get()));
    }
    Optional<Integer> eligible =
        partition.replicas().stream()
            .filter(partition.eligible()::contains)
            .filter(scene::mayLead)
            .findFirst();
    if (eligible.isPresent()) {
      return Finding.of(
          Reason.ELECTION,
          "nobody leads: %s; no in-sync replica lives, and broker %d, of the eligible ones, is"
                  .formatted(before, eligible.get())
              + " first to take its place");
    }
    List<String> awaited = new ArrayList<>();
    if (!partition.inSync().isEmpty()) {
      awaited.add("in sync: " + partition.inSync());
    }
    if (!partition.eligible().isEmpty()) {
      awaited.add("eligible: " + partition.eligible());
    }
    String forWhom =
        awaited.isEmpty()
            ? "every replica left in doubt after a power loss, and not all have said what they have:"
                + " waits for those of "
                + partition.replicas()
                + " that are not live"
            : "waits for one of the brokers that have all of it: " + String.join(", ", awaited);
    return Finding.of(Reason.NO_CANDIDATE, "nobody leads: %s; %s".formatted(before, forWhom));
  }

  private static Finding rollCall(PartitionImage partition) {
    String said =
        partition.rollCall().entrySet().stream()
            .map(each -> "broker " + each.getKey() + " has " + each.getValue())
            .collect(Collectors.joining("; "));
    List<Integer> awaited = new ArrayList<>(partition.inSync());
    awaited.addAll(partition.eligible());
    awaited.removeAll(partition.rollCall().keySet());
    return Finding.of(
        Reason.ROLL_CALL,
        said
            + (awaited.isEmpty()
                ? "; the one with the most is to lead"
                : "; brokers %s have not said what they have".formatted(awaited)));
  }

  /** One that is live and whose copy cannot be used: whoever waits for it may wait for ever. */
  private static Finding offline(
      PartitionScene scene, PartitionImage partition, int broker, String why) {
    List<String> counts = new ArrayList<>();
    if (partition.inSync().contains(broker)) {
      counts.add("it is in sync");
    } else if (partition.eligible().contains(broker)) {
      counts.add("it is eligible");
    }
    if (partition.rollCall().containsKey(broker)) {
      counts.add("it has said that it has " + partition.rollCall().get(broker));
    }
    boolean isAwaited = !isServed(scene, partition) && !counts.isEmpty();
    return Finding.of(
        Reason.OFFLINE_LOG,
        "the copy on broker %d cannot be used%s: %s%s"
            .formatted(
                broker,
                counts.isEmpty() ? "" : ", though " + String.join(" and ", counts),
                why,
                isAwaited
                    ? ". If the others wait for it, restore its files there and start it again, or"
                        + " go on without what only it has by topic elect --unclean"
                    : ""));
  }

  private static boolean isServed(PartitionScene scene, PartitionImage partition) {
    return scene.isLed(partition)
        && !scene.offlineElsewhere().containsKey(partition.leader().getAsInt());
  }

  private static String whoLed(PartitionScene scene, PartitionImage partition) {
    if (partition.leader().isEmpty()) {
      return "nobody is named";
    }
    int leader = partition.leader().getAsInt();
    BrokerImage live = scene.image().brokers().get(leader);
    return live == null
        ? "broker %d, which led in epoch %d, is not live".formatted(leader, partition.leaderEpoch())
        : "broker %d, which led in epoch %d, has restarted"
            .formatted(leader, partition.leaderEpoch());
  }

  private static Optional<Finding> preferred(PartitionScene scene, PartitionImage partition) {
    int leader = partition.leader().getAsInt();
    int preferred = partition.replicas().isEmpty() ? leader : partition.replicas().get(0);
    if (preferred == leader || !scene.isLive(preferred)) {
      return Optional.empty(); // one that is not live is told of as a replica
    }
    boolean inSync = partition.inSync().contains(preferred);
    return Optional.of(
        Finding.of(
            Reason.PREFERRED_LEADER_ELSEWHERE,
            "broker %d comes first among the replicas and is live%s"
                .formatted(preferred, inSync ? " and in sync" : ", but not in sync yet")));
  }
}
