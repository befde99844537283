package io.millrace.cli;

import io.millrace.client.Admin;
import io.millrace.client.ClusterDescription;
import io.millrace.client.PartitionInfo;
import io.millrace.client.SettingDescription;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import io.millrace.client.errors.UnsupportedFeatureException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * The partitions that make a cluster unhealthy; each is named once, where it is worst.
 *
 * @param offline nobody leads them
 * @param belowMinimum led, with fewer in-sync replicas than their topic wants
 * @param underReplicated with fewer in-sync replicas than replicas, but enough
 */
record TroubledPartitions(
    List<String> offline, List<String> belowMinimum, List<String> underReplicated) {
  private static final int NAMED = 20;

  /** Looks at every topic, but only when the cluster says that something is wrong. */
  static TroubledPartitions find(AdminSession session, ClusterDescription cluster)
      throws Exception {
    TroubledPartitions found =
        new TroubledPartitions(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    if (cluster.offlinePartitions() > 0 || cluster.underReplicatedPartitions() > 0) {
      List<String> topics =
          session.ask(Admin::listTopics).stream().map(TopicListing::name).toList();
      Collection<TopicDescription> descriptions =
          session.ask(admin -> admin.describeTopics(topics)).values();
      List<Integer> live = cluster.brokers().stream().map(broker -> broker.id()).toList();
      Map<String, List<SettingDescription>> settings = settings(session, topics);
      for (TopicDescription topic : descriptions) {
        int minimum = minimum(topic, settings.getOrDefault(topic.name(), List.of()));
        topic.partitions().forEach(partition -> found.add(partition, live, minimum));
      }
    }
    return found;
  }

  private static Map<String, List<SettingDescription>> settings(
      AdminSession session, List<String> topics) throws Exception {
    try {
      return session.ask(admin -> admin.describeTopicSettings(topics));
    } catch (UnsupportedFeatureException e) {
      return Map.of(); // a broker of an earlier version: the default is the best guess
    }
  }

  private static int minimum(TopicDescription topic, List<SettingDescription> settings) {
    int unset = Math.min(2, topic.replicationFactor());
    return settings.stream()
        .filter(setting -> setting.key().equals("min.in.sync"))
        .filter(setting -> setting.value().matches("[1-9][0-9]{0,8}"))
        .mapToInt(setting -> minimum(topic, setting))
        .findFirst()
        .orElse(unset);
  }

  /** What the topic does not set itself never asks for more than it has replicas. */
  private static int minimum(TopicDescription topic, SettingDescription setting) {
    int value = Integer.parseInt(setting.value());
    return setting.source() == SettingDescription.Source.TOPIC
        ? value
        : Math.min(value, topic.replicationFactor());
  }

  private void add(PartitionInfo partition, List<Integer> live, int minimum) {
    String name = partition.topicPartition().toString();
    long inSync = partition.inSync().stream().filter(live::contains).count();
    if (partition.leader().isEmpty() || !live.contains(partition.leader().getAsInt())) {
      offline.add(name);
    } else if (inSync < minimum) {
      belowMinimum.add(name);
    } else if (inSync < partition.replicas().size()) {
      underReplicated.add(name);
    }
  }

  /** Lines for people; empty when there are none. */
  String lines() {
    return line("offline", offline)
        + line("below minimum", belowMinimum)
        + line("under-replicated", underReplicated);
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
