package io.millrace.cli;

import io.millrace.client.CommittedOffset;
import io.millrace.client.GroupDescription;
import io.millrace.client.GroupMemberDescription;
import io.millrace.client.OffsetSpec;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeSet;

/**
 * How far a group is behind in a partition.
 *
 * @param member who reads it; empty: nobody
 * @param committed absent: nothing has been
 * @param end behind the last committed record; absent when it cannot be found out
 */
record GroupLag(TopicPartition partition, String member, OptionalLong committed, OptionalLong end) {
  /** Of all partitions that anybody reads or has read, in order. */
  static List<GroupLag> of(GroupDescription group, AdminSession session) throws Exception {
    Map<TopicPartition, String> readers = new HashMap<>();
    for (GroupMemberDescription member : group.members()) {
      member.assigned().forEach(each -> readers.put(each, member.memberId()));
      member.giving().forEach(each -> readers.put(each, member.memberId()));
    }
    TreeSet<TopicPartition> all =
        new TreeSet<>(
            Comparator.comparing(TopicPartition::topic).thenComparing(TopicPartition::partition));
    all.addAll(readers.keySet());
    all.addAll(group.offsets().keySet());
    Map<TopicPartition, Long> ends = ends(List.copyOf(all), session);
    List<GroupLag> lags = new ArrayList<>();
    for (TopicPartition each : all) {
      CommittedOffset offset = group.offsets().get(each);
      Long end = ends.get(each);
      lags.add(
          new GroupLag(
              each,
              readers.getOrDefault(each, ""),
              offset == null ? OptionalLong.empty() : OptionalLong.of(offset.offset()),
              end == null ? OptionalLong.empty() : OptionalLong.of(end)));
    }
    return lags;
  }

  private static Map<TopicPartition, Long> ends(
      List<TopicPartition> partitions, AdminSession session) throws Exception {
    if (partitions.isEmpty()) {
      return new LinkedHashMap<>();
    }
    try {
      return TrimPoint.listed(session, partitions, OffsetSpec.latest());
    } catch (UnknownTopicException | UnknownPartitionException e) {
      return new LinkedHashMap<>(); // deleted a moment ago
    }
  }

  /** In records; absent when it is not known. */
  OptionalLong records() {
    return committed.isPresent() && end.isPresent()
        ? OptionalLong.of(Math.max(0, end.getAsLong() - committed.getAsLong()))
        : OptionalLong.empty();
  }
}
