package io.millrace.client.cluster;

import io.millrace.client.ClusterMap;
import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicDescription;
import java.util.ArrayList;
import java.util.List;

/** Which of two things that brokers say of a topic is the newer: the one of the later epoch. */
final class Newest {
  private Newest() {}

  /** Of the same topic what is newer, partition by partition; of another one all that is told. */
  static TopicDescription of(TopicDescription known, TopicDescription told) {
    if (!known.topicId().equals(told.topicId())) {
      return told;
    }
    List<PartitionInfo> partitions = new ArrayList<>(told.partitions());
    for (int i = 0; i < known.partitions().size(); i++) {
      PartitionInfo before = known.partitions().get(i);
      if (i >= partitions.size()) {
        partitions.add(before);
      } else if (before.leaderEpoch() > partitions.get(i).leaderEpoch()) {
        partitions.set(i, before);
      }
    }
    return new TopicDescription(
        told.name(), told.topicId(), told.replicationFactor(), told.settings(), partitions);
  }

  /** Whether an answer tells of leaders that are not known, and not older than those that are. */
  static boolean isNews(ClusterMap known, MetadataAnswer answer) {
    return known.topics().keySet().stream().anyMatch(answer.missing()::contains)
        || answer.found().values().stream().anyMatch(told -> isNews(known, told));
  }

  private static boolean isNews(ClusterMap known, TopicDescription told) {
    TopicDescription before = known.topics().get(told.name());
    return before == null
        || !before.topicId().equals(told.topicId())
        || told.partitions().stream().anyMatch(each -> isNews(before, each));
  }

  private static boolean isNews(TopicDescription known, PartitionInfo told) {
    if (told.partition() >= known.partitions().size()) {
      return true;
    }
    PartitionInfo before = known.partitions().get(told.partition());
    return told.leaderEpoch() > before.leaderEpoch()
        || (told.leaderEpoch() == before.leaderEpoch() && !told.leader().equals(before.leader()));
  }
}
