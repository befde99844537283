package io.millrace.server.group;

import io.millrace.server.group.AssignmentInput.Subscriber;
import io.millrace.server.partition.PartitionId;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What must be true of every assignment, whoever made it. */
final class AssignmentCheck {
  private AssignmentCheck() {}

  /**
   * @return what is wrong, for people
   */
  static Optional<String> fault(AssignmentInput input, Map<String, Set<PartitionId>> assigned) {
    Map<PartitionId, String> owners = new HashMap<>();
    for (Map.Entry<String, Set<PartitionId>> each : assigned.entrySet()) {
      Subscriber member = input.subscribers().get(each.getKey());
      if (member == null) {
        return Optional.of("it names " + each.getKey() + ", which is not a member");
      }
      for (PartitionId partition : each.getValue()) {
        if (!input.exists(partition)) {
          return Optional.of("it gives away " + partition + ", which does not exist");
        }
        if (!member.topicIds().contains(partition.topicId())) {
          return Optional.of(
              "it gives "
                  + partition
                  + " to "
                  + each.getKey()
                  + ", which has not subscribed to it");
        }
        String other = owners.put(partition, each.getKey());
        if (other != null) {
          return Optional.of(
              "it gives " + partition + " to both " + other + " and " + each.getKey());
        }
      }
    }
    return leftOut(input, owners);
  }

  private static Optional<String> leftOut(AssignmentInput input, Map<PartitionId, String> owners) {
    for (Map.Entry<String, AssignmentInput.TopicShape> topic : input.topics().entrySet()) {
      String topicId = topic.getKey();
      int count = input.subscribersOf(topicId).isEmpty() ? 0 : topic.getValue().partitionCount();
      for (int i = 0; i < count; i++) {
        PartitionId partition = new PartitionId(topicId, i);
        if (!owners.containsKey(partition)) {
          return Optional.of("it gives " + partition + " to nobody");
        }
      }
    }
    return Optional.empty();
  }
}
