package io.millrace.server.explain;

import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.server.partition.PartitionReading;
import io.millrace.server.partition.PartitionReading.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Why a broker is as it is, by itself. Pure. */
public final class BrokerExplanation {
  private static final int NAMED = 10;

  private BrokerExplanation() {}

  /** Never empty; the worst first. */
  public static List<Finding> of(BrokerScene scene) {
    List<Finding> findings = new ArrayList<>();
    findings.add(
        scene.ready().isGood()
            ? Finding.of(Reason.SERVING, "broker " + scene.self() + " is ready")
            : Finding.of(Reason.NOT_READY, scene.ready().reason()));
    findings.addAll(scene.waits());
    scene
        .suspected()
        .forEach(
            (broker, why) ->
                findings.add(
                    Finding.of(
                        Reason.BROKER_SUSPECTED,
                        "broker %d is taken for dead here: %s".formatted(broker, why))));
    if (!scene.refusedNodes().isEmpty()) {
      findings.add(refused(scene.refusedNodes()));
    }
    offline(scene, findings);
    partitions(scene, findings);
    long led = count(scene, State.LED);
    long following = count(scene, State.FOLLOWING);
    findings.add(
        Finding.of(
            Reason.LEADING, "leads %,d partition(s) and copies %,d".formatted(led, following)));
    return Finding.sorted(findings);
  }

  private static Finding refused(Map<String, String> nodes) {
    String first = nodes.keySet().iterator().next();
    int more = nodes.size() - 1;
    return Finding.of(
        Reason.NODES_REFUSED,
        "%s in ZooKeeper makes no sense: %s%s"
            .formatted(first, nodes.get(first), more > 0 ? "; and %,d more".formatted(more) : ""));
  }

  private static long count(BrokerScene scene, State state) {
    return scene.readings().stream().filter(each -> each.state() == state).count();
  }

  private static void offline(BrokerScene scene, List<Finding> findings) {
    List<String> offline =
        scene.readings().stream()
            .filter(each -> each.state() == State.OFFLINE)
            .map(PartitionReading::id)
            .map(Object::toString)
            .toList();
    if (!offline.isEmpty()) {
      findings.add(Finding.of(Reason.OFFLINE_LOG, "logs that have failed: " + named(offline)));
    }
    if (scene.unopened() > 0) {
      findings.add(
          Finding.of(
              Reason.OFFLINE_LOG, scene.unopened() + " log(s) could not be opened at the start"));
    }
  }

  /** Those this broker is a replica of and that are not as they should be. */
  private static void partitions(BrokerScene scene, List<Finding> findings) {
    List<String> leaderless = new ArrayList<>();
    List<String> underReplicated = new ArrayList<>();
    List<String> outOfSync = new ArrayList<>();
    List<String> preferredElsewhere = new ArrayList<>();
    for (TopicImage topic : scene.image().topics().values()) {
      for (@Nullable PartitionImage partition : topic.partitions()) {
        if (topic.deleting() || partition == null || !partition.replicas().contains(scene.self())) {
          continue;
        }
        String name = topic.name() + "/" + partition.partition();
        boolean isLed =
            partition.leader().isPresent()
                && scene.image().brokers().containsKey(partition.leader().getAsInt());
        boolean leads = isLed && partition.leader().getAsInt() == scene.self();
        if (!isLed) {
          leaderless.add(name);
        } else if (leads && partition.inSync().size() < partition.replicas().size()) {
          underReplicated.add(name);
        } else if (!partition.inSync().contains(scene.self())) {
          outOfSync.add(name);
        } else if (!leads && partition.replicas().get(0) == scene.self()) {
          preferredElsewhere.add(name);
        }
      }
    }
    trouble(findings, "that nobody leads", leaderless);
    trouble(findings, "led here, with replicas that are not in sync", underReplicated);
    trouble(findings, "copied here and not in sync", outOfSync);
    if (!preferredElsewhere.isEmpty()) {
      findings.add(
          Finding.of(
              Reason.PREFERRED_LEADER_ELSEWHERE,
              "others lead, though this broker comes first among the replicas: "
                  + named(preferredElsewhere)));
    }
  }

  private static void trouble(List<Finding> findings, String what, List<String> names) {
    if (!names.isEmpty()) {
      findings.add(
          Finding.of(
              Reason.PARTITIONS_IN_TROUBLE,
              "%,d partition(s) %s: %s".formatted(names.size(), what, named(names))));
    }
  }

  private static String named(List<String> names) {
    int more = names.size() - NAMED;
    return String.join(" ", more > 0 ? names.subList(0, NAMED) : names)
        + (more > 0 ? " and %,d more".formatted(more) : "");
  }
}
