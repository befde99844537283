package io.millrace.server.group;

import io.millrace.server.partition.PartitionId;
import java.util.Map;
import java.util.Set;

/**
 * Shares the partitions of a group's topics among its members. A function of its argument alone:
 * called on the loop that owns the group, it blocks nobody and keeps nothing.
 *
 * <p>What it answers is checked ({@link AssignmentCheck}); an assignor that leaves a partition out,
 * gives one to two members or to one that has not subscribed to its topic changes nothing but the
 * alarm.
 */
public interface Assignor {
  /** As members ask for it: lower case, words joined by hyphens. */
  String name();

  /**
   * @return by member id; a member that gets nothing may be left out
   */
  Map<String, Set<PartitionId>> assign(AssignmentInput input);
}
