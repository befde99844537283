package io.millrace.cli;

import io.millrace.client.Admin;
import io.millrace.client.ClusterDescription;
import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The partitions that make a cluster unhealthy.
 *
 * @param offline nobody leads them
 * @param underReplicated they have fewer in-sync replicas than replicas, but a leader
 */
record TroubledPartitions(List<String> offline, List<String> underReplicated) {
  private static final int NAMED = 20;

  /** Looks at every topic, but only when the cluster says that something is wrong. */
  static TroubledPartitions find(AdminSession session, ClusterDescription cluster)
      throws Exception {
    TroubledPartitions found = new TroubledPartitions(new ArrayList<>(), new ArrayList<>());
    if (cluster.offlinePartitions() > 0 || cluster.underReplicatedPartitions() > 0) {
      List<String> topics =
          session.ask(Admin::listTopics).stream().map(TopicListing::name).toList();
      Collection<TopicDescription> descriptions =
          session.ask(admin -> admin.describeTopics(topics)).values();
      descriptions.forEach(topic -> topic.partitions().forEach(found::add));
    }
    return found;
  }

  private void add(PartitionInfo partition) {
    String name = partition.topicPartition().toString();
    if (partition.leader().isEmpty()) {
      offline.add(name);
    } else if (partition.inSync().size() < partition.replicas().size()) {
      underReplicated.add(name);
    }
  }

  /** Lines for people; empty when there are none. */
  String lines() {
    return line("offline", offline) + line("under-replicated", underReplicated);
  }

  private static String line(String what, List<String> names) {
    if (names.isEmpty()) {
      return "";
    }
    int more = names.size() - NAMED;
    return what
        + ": "
        + Printable.line(String.join(" ", more > 0 ? names.subList(0, NAMED) : names))
        + (more > 0 ? " and " + Printable.count(more) + " more" : "")
        + "\n";
  }
}
