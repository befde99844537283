package io.millrace.server.group;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What a member wants to read.
 *
 * @param topics by name; of those that do not exist nothing is assigned until they do
 * @param patterns what names of topics match as a whole ({@link TopicPattern}); whatever matches
 *     joins {@code topics}, also when it is made later
 */
public record Subscription(Set<String> topics, Set<String> patterns) {
  static final Subscription NONE = new Subscription(Set.of(), Set.of());

  public Subscription {
    topics = Collections.unmodifiableSet(new LinkedHashSet<>(topics));
    patterns = Collections.unmodifiableSet(new LinkedHashSet<>(patterns));
  }

  /** Of names alone. */
  public static Subscription of(Set<String> topics) {
    return new Subscription(topics, Set.of());
  }
}
