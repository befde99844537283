package io.millrace.server.group;

import java.util.Optional;
import java.util.Set;

/**
 * What a member wants to read.
 *
 * @param topics by name; of those that do not exist nothing is assigned until they do
 * @param pattern an expression that names of topics match as a whole; they join {@code topics}
 */
public record Subscription(Set<String> topics, Optional<String> pattern) {
  static final Subscription NONE = new Subscription(Set.of(), Optional.empty());

  public Subscription {
    topics = Set.copyOf(topics);
  }
}
