package io.millrace.server.handler;

import io.millrace.coordination.view.TopicImage;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.coordinator.GroupProgress;
import io.millrace.server.coordinator.LagAnswer;
import io.millrace.server.group.CommittedOffset;
import io.millrace.server.partition.PartitionId;
import io.millrace.wire.v1.GroupTopic;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Partitions of several topics, and offsets in them, as groups' requests and answers have them. */
final class GroupTopics {
  private GroupTopics() {}

  static Set<PartitionId> ids(List<GroupTopic> topics) {
    Set<PartitionId> ids = new HashSet<>();
    for (GroupTopic topic : topics) {
      topic
          .getPartitionsList()
          .forEach(number -> ids.add(new PartitionId(topic.getTopicId(), number)));
    }
    return ids;
  }

  static List<GroupTopic> of(Set<PartitionId> ids, Catalog catalog) {
    TreeMap<String, TreeSet<Integer>> byTopic = new TreeMap<>();
    ids.forEach(
        id -> byTopic.computeIfAbsent(id.topicId(), topic -> new TreeSet<>()).add(id.partition()));
    return byTopic.entrySet().stream()
        .map(
            each ->
                GroupTopic.newBuilder()
                    .setTopicId(each.getKey())
                    .setTopic(name(each.getKey(), catalog))
                    .addAllPartitions(each.getValue())
                    .build())
        .toList();
  }

  /** Empty: the topic does not exist any more. */
  private static String name(String topicId, Catalog catalog) {
    return catalog.topic(topicId).filter(it -> !it.deleting()).map(TopicImage::name).orElse("");
  }

  static List<io.millrace.wire.v1.GroupProgress> progress(
      List<GroupProgress> progress, Catalog catalog) {
    return progress.stream().map(each -> progress(each, catalog)).toList();
  }

  private static io.millrace.wire.v1.GroupProgress progress(GroupProgress one, Catalog catalog) {
    io.millrace.wire.v1.GroupProgress.Builder built =
        io.millrace.wire.v1.GroupProgress.newBuilder()
            .setTopicId(one.id().topicId())
            .setTopic(name(one.id().topicId(), catalog))
            .setPartition(one.id().partition())
            .setMemberId(one.memberId().orElse(""))
            .setStuck(one.stuck());
    one.committed().ifPresent(built::setCommitted);
    one.stillMillis().ifPresent(built::setStillMs);
    one.waitingMillis().ifPresent(built::setLagMs);
    if (one.lag() instanceof LagAnswer.Known known) {
      built.setStart(known.start()).setEnd(known.end());
    } else if (one.lag() instanceof LagAnswer.Unknown unknown) {
      built.setUnknown(unknown.why().message());
    }
    return built.build();
  }

  static List<io.millrace.wire.v1.CommittedOffset> offsets(
      Map<PartitionId, CommittedOffset> offsets, Catalog catalog) {
    return offsets.entrySet().stream()
        .sorted(
            Map.Entry.comparingByKey(
                Comparator.comparing(PartitionId::topicId).thenComparing(PartitionId::partition)))
        .map(each -> offset(each.getKey(), each.getValue(), catalog))
        .toList();
  }

  private static io.millrace.wire.v1.CommittedOffset offset(
      PartitionId id, CommittedOffset offset, Catalog catalog) {
    io.millrace.wire.v1.CommittedOffset.Builder built =
        io.millrace.wire.v1.CommittedOffset.newBuilder()
            .setTopicId(id.topicId())
            .setTopic(name(id.topicId(), catalog))
            .setPartition(id.partition())
            .setOffset(offset.offset())
            .setCommitTimestampMs(offset.commitMillis())
            .setMetadata(offset.metadata());
    if (offset.leaderEpoch() >= 0) {
      built.setLeaderEpoch(offset.leaderEpoch());
    }
    return built.build();
  }
}
