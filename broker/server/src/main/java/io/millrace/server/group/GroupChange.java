package io.millrace.server.group;

import io.millrace.server.partition.PartitionId;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * One record of a group's log. Each replaces what was said before of the same thing, so that a
 * compacted log tells the same story as a whole one.
 */
public sealed interface GroupChange {
  /** Joined, or anything of it has changed. */
  record MemberIs(GroupMember member) implements GroupChange {}

  record MemberGone(String memberId) implements GroupChange {}

  /**
   * What assignments depend on has changed.
   *
   * @param partitionCounts of the topics subscribed to, by topic id
   * @param emptySinceMillis when the last member went; 0: there are some, or were none ever
   */
  record EpochIs(
      int groupEpoch, NavigableMap<String, Integer> partitionCounts, long emptySinceMillis)
      implements GroupChange {
    public EpochIs {
      partitionCounts = Collections.unmodifiableNavigableMap(new TreeMap<>(partitionCounts));
    }
  }

  /** What a member shall have. */
  record TargetOf(String memberId, Set<PartitionId> partitions) implements GroupChange {
    public TargetOf {
      partitions = Collections.unmodifiableSet(new LinkedHashSet<>(partitions));
    }
  }

  /** All targets are those of this epoch of the group. */
  record TargetsAre(int assignmentEpoch) implements GroupChange {}

  record Committed(PartitionId partition, CommittedOffset offset) implements GroupChange {}

  record Forgotten(PartitionId partition) implements GroupChange {}

  /** Nothing is known of the group any more; its members and offsets went before. */
  record Ended() implements GroupChange {}
}
