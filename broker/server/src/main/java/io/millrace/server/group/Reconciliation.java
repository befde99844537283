package io.millrace.server.group;

import io.millrace.server.partition.PartitionId;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * How a member comes to its target without a barrier. It first gives up what it shall not have any
 * more; when it has said so it comes to the epoch of the targets, and takes of its target what
 * nobody else holds; the rest as it becomes free. Members whose target stays never stop.
 */
final class Reconciliation {
  private Reconciliation() {}

  /**
   * @param reported what the member says it still has; empty when it says nothing of it
   * @return the member after its next step, which is itself when there is none
   */
  static GroupMember next(Group group, GroupMember member, Optional<Set<PartitionId>> reported) {
    if (!member.giving().isEmpty()) {
      Set<PartitionId> still =
          reported.map(had -> both(member.giving(), had)).orElse(member.giving());
      GroupMember now = member.with(member.epoch(), member.owned(), still);
      return still.isEmpty() ? step(group, now) : now;
    }
    return step(group, member);
  }

  private static GroupMember step(Group group, GroupMember member) {
    Set<PartitionId> target = group.target(member.id());
    Set<PartitionId> kept = both(member.owned(), target);
    Set<PartitionId> given = new HashSet<>(member.owned());
    given.removeAll(kept);
    if (!given.isEmpty()) {
      return member.with(member.epoch(), kept, given);
    }
    Set<PartitionId> owned = new HashSet<>(kept);
    for (PartitionId each : target) {
      if (group.holder(each).map(member.id()::equals).orElse(true)) {
        owned.add(each);
      }
    }
    return member.with(group.assignmentEpoch(), owned, Set.of());
  }

  private static Set<PartitionId> both(Set<PartitionId> some, Set<PartitionId> others) {
    Set<PartitionId> both = new HashSet<>(some);
    both.retainAll(others);
    return both;
  }
}
