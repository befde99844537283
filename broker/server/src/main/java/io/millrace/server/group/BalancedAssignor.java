package io.millrace.server.group;

import io.millrace.server.group.AssignmentInput.Subscriber;
import io.millrace.server.partition.PartitionId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * As evenly as the subscriptions permit, and moving as little as that takes: everybody keeps what
 * it has, what nobody has goes to whoever has least, and then single partitions move from the
 * member that has most to one that has at least two fewer, until there is no such pair.
 *
 * <p>Where members and replicas say which racks they are in, what has to be given away goes near
 * its replicas as far as that makes nobody's share larger than an even one. What a member has it
 * keeps, however far.
 */
final class BalancedAssignor implements Assignor {
  @Override
  public String name() {
    return "balanced";
  }

  @Override
  public Map<String, Set<PartitionId>> assign(AssignmentInput input) {
    Shares shares = new Shares(input);
    List<PartitionId> ownerless = keepWhatIsOwned(input, shares);
    giveNear(input, shares, ownerless);
    ownerless.forEach(shares::giveToLightest);
    while (shares.moveOne()) {
      // one at a time: whoever has most now gives next
    }
    return shares.asAssignment();
  }

  /**
   * @return what nobody has that may have it, of topics with few subscribers first: those with many
   *     can make up for it
   */
  private static List<PartitionId> keepWhatIsOwned(AssignmentInput input, Shares shares) {
    Map<PartitionId, String> owners = new HashMap<>();
    input
        .subscribers()
        .forEach(
            (id, member) ->
                member.owned().stream()
                    .filter(each -> member.topicIds().contains(each.topicId()))
                    .filter(input::exists)
                    .forEach(each -> owners.putIfAbsent(each, id)));
    List<PartitionId> ownerless = new ArrayList<>();
    List<Map.Entry<String, AssignmentInput.TopicShape>> topics =
        new ArrayList<>(input.topics().entrySet());
    topics.removeIf(each -> input.subscribersOf(each.getKey()).isEmpty());
    topics.sort(Comparator.comparingInt(each -> input.subscribersOf(each.getKey()).size()));
    for (Map.Entry<String, AssignmentInput.TopicShape> topic : topics) {
      String topicId = topic.getKey();
      int count = topic.getValue().partitionCount();
      for (int i = 0; i < count; i++) {
        PartitionId partition = new PartitionId(topicId, i);
        String owner = owners.get(partition);
        if (owner == null) {
          ownerless.add(partition);
        } else {
          shares.give(partition, owner);
        }
      }
    }
    return ownerless;
  }

  /** Takes from {@code ownerless} what has found somebody near. */
  private static void giveNear(AssignmentInput input, Shares shares, List<PartitionId> ownerless) {
    if (input.subscribers().values().stream().noneMatch(member -> member.rack().isPresent())) {
      return;
    }
    int partitions =
        input.topics().values().stream().mapToInt(AssignmentInput.TopicShape::partitionCount).sum();
    int even = partitions / input.subscribers().size();
    ownerless.removeIf(
        partition ->
            input.subscribersOf(partition.topicId()).stream()
                .filter(id -> shares.size(id) < even)
                .filter(id -> isNear(input, partition, id))
                .min(Comparator.comparingInt(shares::size))
                .map(
                    id -> {
                      shares.give(partition, id);
                      return true;
                    })
                .orElse(false));
  }

  private static boolean isNear(AssignmentInput input, PartitionId partition, String id) {
    Subscriber member = input.subscribers().get(id);
    return member != null && input.isNear(partition, member);
  }
}
