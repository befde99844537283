package io.millrace.server.group;

import io.millrace.server.partition.PartitionId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What an assignor decides by.
 *
 * @param subscribers by member id
 * @param topics by topic id; those that exist among what anybody has subscribed to
 */
public record AssignmentInput(
    NavigableMap<String, Subscriber> subscribers, NavigableMap<String, TopicShape> topics) {
  public AssignmentInput {
    subscribers = Collections.unmodifiableNavigableMap(new TreeMap<>(subscribers));
    topics = Collections.unmodifiableNavigableMap(new TreeMap<>(topics));
  }

  /**
   * A member.
   *
   * @param topicIds may name topics that do not exist any more
   * @param owned what it was meant to have until now
   * @param rack where it runs, when it says so
   */
  public record Subscriber(Set<String> topicIds, Set<PartitionId> owned, Optional<String> rack) {
    public Subscriber {
      topicIds = Collections.unmodifiableSet(new LinkedHashSet<>(topicIds));
      owned = Collections.unmodifiableSet(new LinkedHashSet<>(owned));
    }
  }

  /**
   * @param racks by partition: where its replicas are; empty where nobody has said
   */
  public record TopicShape(List<Set<String>> racks) {
    public TopicShape {
      racks = List.copyOf(racks);
    }

    public static TopicShape ofPartitions(int count) {
      return new TopicShape(Collections.nCopies(count, Set.of()));
    }

    public int partitionCount() {
      return racks.size();
    }
  }

  /** Members that have subscribed to a topic, in the order of their ids. */
  List<String> subscribersOf(String topicId) {
    List<String> found = new ArrayList<>();
    subscribers.forEach(
        (id, subscriber) -> {
          if (subscriber.topicIds().contains(topicId)) {
            found.add(id);
          }
        });
    return found;
  }

  /** Whether a replica of the partition is in the member's rack. */
  boolean isNear(PartitionId partition, Subscriber member) {
    TopicShape shape = topics.get(partition.topicId());
    return shape != null
        && member.rack().isPresent()
        && shape.racks().get(partition.partition()).contains(member.rack().get());
  }

  /** Whether there is such a partition. */
  boolean exists(PartitionId partition) {
    TopicShape shape = topics.get(partition.topicId());
    return shape != null
        && partition.partition() >= 0
        && partition.partition() < shape.partitionCount();
  }
}
