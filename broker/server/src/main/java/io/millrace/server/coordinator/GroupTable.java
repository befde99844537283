package io.millrace.server.coordinator;

import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The groups that one partition keeps, by id. Owner: the partition's loop. */
final class GroupTable {
  private final PartitionId partition;
  private final int most;
  private final Map<String, LiveGroup> groups = new TreeMap<>();

  /**
   * @param most groups: whoever makes them in a loop ends there (B57)
   */
  GroupTable(PartitionId partition, int most) {
    this.partition = partition;
    this.most = most;
  }

  @Nullable LiveGroup get(String groupId) {
    return groups.get(groupId);
  }

  /** While the log is read: what is there is there. */
  LiveGroup getOrMake(String groupId) {
    return groups.computeIfAbsent(groupId, LiveGroup::new);
  }

  /** Why there may be no other one; empty: there is a place. */
  Optional<Refusal> full() {
    return groups.size() < most
        ? Optional.empty()
        : Optional.of(
            new Refusal(
                ErrorCode.GROUP_FULL,
                partition
                    + " keeps "
                    + most
                    + " groups, which is the most: delete some that nobody uses"));
  }

  /** Of a group that can be worked with: what the log says of it makes sense. */
  static Optional<Refusal> damage(LiveGroup live) {
    return live.damage.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Refusal(
                ErrorCode.GROUP_DAMAGED,
                "what is kept of group "
                    + live.group.id()
                    + " contradicts itself: "
                    + live.damage
                    + ". Nobody can join it or commit for it. group describe shows what is left of"
                    + " its offsets; group delete clears it away, and group reset says then where"
                    + " it goes on"));
  }

  void remove(String groupId) {
    groups.remove(groupId);
  }

  /** Also while groups come and go. */
  List<LiveGroup> all() {
    return List.copyOf(groups.values());
  }

  Collection<LiveGroup> view() {
    return groups.values();
  }

  void clear() {
    groups.clear();
  }
}
