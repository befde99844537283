package io.millrace.server.group;

import io.millrace.server.partition.PartitionId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Neighbouring partitions of each topic together: of topics with equally many partitions and equal
 * subscribers, the same member gets the same numbers, so that it may join them.
 */
final class RangeAssignor implements Assignor {
  @Override
  public String name() {
    return "range";
  }

  @Override
  public Map<String, Set<PartitionId>> assign(AssignmentInput input) {
    Map<String, Set<PartitionId>> assigned = new HashMap<>();
    input
        .topics()
        .forEach(
            (topicId, shape) -> {
              List<String> members = input.subscribersOf(topicId);
              for (int i = 0; i < members.size(); i++) {
                // Whole numbers only: the bounds of neighbours meet, and sizes differ by one.
                int from = bound(i, members.size(), shape.partitionCount());
                int to = bound(i + 1, members.size(), shape.partitionCount());
                for (int partition = from; partition < to; partition++) {
                  assigned
                      .computeIfAbsent(members.get(i), id -> new HashSet<>())
                      .add(new PartitionId(topicId, partition));
                }
              }
            });
    return assigned;
  }

  /** The first of {@code member}'s range; larger ranges come first. */
  private static int bound(int member, int members, int partitions) {
    return member * (partitions / members) + Math.min(member, partitions % members);
  }
}
