package io.millrace.server.group;

import io.millrace.server.group.AssignmentInput.TopicShape;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which topics subscriptions come to, at one moment. Patterns are matched once for each different
 * subscription; most members of a group have the same. Lives for one decision.
 */
final class SubscribedTopics {
  private final TopicDirectory directory;
  private final int most;
  private final Map<Subscription, Set<String>> names = new HashMap<>();
  private Optional<String> alarm = Optional.empty();

  /**
   * @param most topics of one subscription: what a member gets is kept in one record
   */
  SubscribedTopics(TopicDirectory directory, int most) {
    this.directory = directory;
    this.most = most;
  }

  /** Set: a subscription comes to more topics than it may. */
  Optional<String> alarm() {
    return alarm;
  }

  /** By topic id, of those that exist. */
  NavigableMap<String, TopicShape> shapes(Group group) {
    NavigableMap<String, TopicShape> shapes = new TreeMap<>();
    Set<Subscription> different = new HashSet<>();
    for (GroupMember member : group.members()) {
      if (different.add(member.subscription())) {
        for (String name : names(member.subscription())) {
          directory.find(name).ifPresent(topic -> shapes.put(topic.topicId(), topic.shape()));
        }
      }
    }
    return shapes;
  }

  Set<String> ids(Subscription subscription) {
    Set<String> ids = new HashSet<>();
    for (String name : names(subscription)) {
      directory.find(name).ifPresent(topic -> ids.add(topic.topicId()));
    }
    return ids;
  }

  private Set<String> names(Subscription subscription) {
    return names.computeIfAbsent(subscription, this::resolve);
  }

  private Set<String> resolve(Subscription subscription) {
    if (subscription.patterns().isEmpty()) {
      return subscription.topics();
    }
    Set<String> resolved = new TreeSet<>(subscription.topics());
    int leftOut = 0;
    for (String name : directory.names()) {
      if (resolved.contains(name)
          || subscription.patterns().stream()
              .noneMatch(pattern -> TopicPattern.matches(pattern, name))) {
        continue;
      }
      if (resolved.size() < most) {
        resolved.add(name);
      } else {
        leftOut++;
      }
    }
    if (leftOut > 0) {
      alarm =
          Optional.of(
              "the patterns %s match %,d topics more than the %,d that a member may have: the last"
                      .formatted(new TreeSet<>(subscription.patterns()), leftOut, most)
                  + " by name are read by nobody; name them more narrowly");
    }
    return resolved;
  }
}
