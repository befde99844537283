package io.millrace.client.group;

import io.millrace.client.TopicPattern;
import io.millrace.wire.v1.GroupSubscription;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What a member wants to read.
 *
 * @param topics by name
 * @param patterns and whatever matches one of these
 */
record Wanted(Set<String> topics, List<TopicPattern> patterns) {
  static final Wanted NOTHING = new Wanted(Set.of(), List.of());
  private static final int MAX_PATTERNS = 100;

  static Wanted topics(Set<String> topics) {
    return new Wanted(topics, List.of());
  }

  /** Checks what was given. */
  static Wanted patterns(List<TopicPattern> patterns) {
    List<TopicPattern> distinct = List.copyOf(new LinkedHashSet<>(patterns));
    if (distinct.isEmpty() || distinct.size() > MAX_PATTERNS) {
      throw new IllegalArgumentException(
          distinct.size() + " patterns of topics, but there may be: 1 to " + MAX_PATTERNS);
    }
    return new Wanted(Set.of(), distinct);
  }

  boolean isNothing() {
    return topics.isEmpty() && patterns.isEmpty();
  }

  GroupSubscription asTold() {
    GroupSubscription.Builder told = GroupSubscription.newBuilder().addAllTopics(topics);
    patterns.forEach(each -> told.addTopicPatterns(each.text()));
    return told.build();
  }

  @Override
  public String toString() {
    return patterns.isEmpty() ? "topics " + topics : "topics that match " + patterns;
  }
}
