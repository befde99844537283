package io.millrace.server.metrics;

import io.millrace.server.coordinator.GroupCounters;
import io.millrace.server.coordinator.GroupFigures;
import io.millrace.server.coordinator.GroupProgress;
import io.millrace.server.group.Group;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The groups that this broker coordinates: their members, how far they are behind, where they are
 * stuck. Series come and go with them, up to a bound: group ids are the clients' to choose. Owner:
 * the metrics worker; values are read by whoever looks.
 */
final class GroupMetrics {
  /** More groups than this have no series of their own. */
  static final int MAX_GROUPS = 200;

  /** Likewise partitions that groups read. */
  static final int MAX_PARTITIONS = 1_000;

  private final SeriesRegistry registry;
  private final Set<String> shownGroups = new HashSet<>();
  private final Set<Shown> shownPartitions = new HashSet<>();
  private volatile Now now = new Now(Map.of(), Map.of(), Map.of(), 0);

  /** A partition that a group reads, as its series name it. */
  private record Shown(String group, String topic, int partition) {}

  /** Everything at one moment. */
  private record Now(
      Map<Group.State, Long> byState,
      Map<String, GroupFigures> byGroup,
      Map<Shown, GroupProgress> byPartition,
      long leftOut) {}

  GroupMetrics(SeriesRegistry registry, GroupCounters counters) {
    this.registry = registry;
    registry.counter(BrokerMetric.GROUP_REBALANCES, counters::rebalances);
    registry.counter(BrokerMetric.GROUP_COMMITTED_OFFSETS, counters::commits);
    registry.counter(BrokerMetric.GROUP_EXPIRED_MEMBERS, counters::expiredMembers);
    registry.counter(BrokerMetric.GROUP_EXPIRED_OFFSETS, counters::expiredOffsets);
    registry.whole(BrokerMetric.METRICS_GROUPS_LEFT_OUT, () -> now.leftOut());
    for (Group.State state : Group.State.values()) {
      registry.whole(
          BrokerMetric.GROUPS,
          () -> now.byState().getOrDefault(state, 0L),
          state.name().toLowerCase(Locale.ROOT));
    }
  }

  void refreshed(List<GroupFigures> groups) {
    Map<Group.State, Long> byState = new HashMap<>();
    Map<String, GroupFigures> byGroup = new TreeMap<>();
    Map<Shown, GroupProgress> byPartition = new HashMap<>();
    groups.forEach(each -> byState.merge(each.state(), 1L, Long::sum));
    groups.stream()
        .sorted(Comparator.comparing(GroupFigures::groupId))
        .limit(MAX_GROUPS)
        .forEach(
            each -> {
              byGroup.put(each.groupId(), each);
              for (GroupProgress one : each.progress()) {
                if (byPartition.size() < MAX_PARTITIONS) {
                  byPartition.put(
                      new Shown(each.groupId(), topic(one.id().topicId()), one.id().partition()),
                      one);
                }
              }
            });
    now =
        new Now(
            Map.copyOf(byState),
            Map.copyOf(byGroup),
            Map.copyOf(byPartition),
            groups.size() - byGroup.size());
    showGroups(byGroup.keySet());
    showPartitions(byPartition.keySet());
  }

  /** The name it had when it was made, which its id begins with. */
  private static String topic(String topicId) {
    int mark = topicId.lastIndexOf('~');
    return mark < 1 ? topicId : topicId.substring(0, mark);
  }

  private void showGroups(Set<String> groups) {
    for (String group : Set.copyOf(shownGroups)) {
      if (!groups.contains(group)) {
        shownGroups.remove(group);
        registry.remove(BrokerMetric.GROUP_MEMBERS, group);
        registry.remove(BrokerMetric.GROUP_STUCK_PARTITIONS, group);
      }
    }
    for (String group : groups) {
      if (shownGroups.add(group)) {
        registry.whole(BrokerMetric.GROUP_MEMBERS, () -> members(group), group);
        registry.whole(BrokerMetric.GROUP_STUCK_PARTITIONS, () -> stuck(group), group);
      }
    }
  }

  private long members(String group) {
    GroupFigures figures = now.byGroup().get(group);
    return figures == null ? 0 : figures.members();
  }

  private long stuck(String group) {
    GroupFigures figures = now.byGroup().get(group);
    return figures == null ? 0 : figures.progress().stream().filter(GroupProgress::stuck).count();
  }

  private void showPartitions(Set<Shown> partitions) {
    for (Shown each : Set.copyOf(shownPartitions)) {
      if (!partitions.contains(each)) {
        shownPartitions.remove(each);
        registry.remove(BrokerMetric.GROUP_LAG_RECORDS, labels(each));
        registry.remove(BrokerMetric.GROUP_LAG_SECONDS, labels(each));
      }
    }
    for (Shown each : partitions) {
      if (shownPartitions.add(each)) {
        registry.whole(BrokerMetric.GROUP_LAG_RECORDS, () -> records(each), labels(each));
        registry.gauge(BrokerMetric.GROUP_LAG_SECONDS, () -> seconds(each), labels(each));
      }
    }
  }

  private static String[] labels(Shown shown) {
    return new String[] {shown.group(), shown.topic(), String.valueOf(shown.partition())};
  }

  private long records(Shown shown) {
    GroupProgress progress = now.byPartition().get(shown);
    return progress == null ? 0 : progress.records().orElse(0);
  }

  private double seconds(Shown shown) {
    GroupProgress progress = now.byPartition().get(shown);
    return progress == null ? 0 : progress.waitingMillis().orElse(0) / 1e3;
  }
}
