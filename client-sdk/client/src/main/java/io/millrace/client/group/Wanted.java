package io.millrace.client.group;

import io.millrace.wire.v1.GroupSubscription;
import java.util.Set;

/**
 * What a member wants to read.
 *
 * @param topics by name
 */
record Wanted(Set<String> topics) {
  static final Wanted NOTHING = new Wanted(Set.of());

  boolean isNothing() {
    return topics.isEmpty();
  }

  GroupSubscription asTold() {
    return GroupSubscription.newBuilder().addAllTopics(topics).build();
  }

  @Override
  public String toString() {
    return "topics " + topics;
  }
}
