package io.millrace.client;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What shall be different about a topic that stands; for {@link Admin#alterTopic}.
 *
 * @param name the topic's
 * @param topicId when present: only this very topic, not another that has its name by now
 * @param set settings and what they shall hold; no key may be in {@code unset} too
 * @param unset keys of settings that shall go back to their defaults
 * @param partitions the new count, more than before; absent: as it is. Records of one key go to
 *     other partitions afterwards than they went to before
 * @param replicas how many each partition shall have, more than before, and without any other
 *     change in the same request; absent: as they are. The new ones copy everything first, and the
 *     topic's replication factor follows within minutes once all of them are in sync
 * @param validateOnly check everything, change nothing
 */
public record TopicChange(
    String name,
    Optional<String> topicId,
    Map<String, String> set,
    Set<String> unset,
    OptionalInt partitions,
    OptionalInt replicas,
    boolean validateOnly) {
  public TopicChange {
    set = Map.copyOf(set);
    unset = Set.copyOf(unset);
    for (String key : unset) {
      if (set.containsKey(key)) {
        throw new IllegalArgumentException("\"" + key + "\" is both set and unset");
      }
    }
  }

  /** Nothing yet. */
  public static TopicChange of(String name) {
    return new TopicChange(
        name,
        Optional.empty(),
        Map.of(),
        Set.of(),
        OptionalInt.empty(),
        OptionalInt.empty(),
        false);
  }

  /** Besides what is set already. */
  public TopicChange set(String key, String value) {
    Map<String, String> more = new LinkedHashMap<>(set);
    more.put(key, value);
    return new TopicChange(name, topicId, more, unset, partitions, replicas, validateOnly);
  }

  /** Besides what is unset already. */
  public TopicChange unset(String key) {
    Set<String> more = new LinkedHashSet<>(unset);
    more.add(key);
    return new TopicChange(name, topicId, set, more, partitions, replicas, validateOnly);
  }

  /** Adds partitions until there are so many. */
  public TopicChange withPartitions(int count) {
    return new TopicChange(
        name, topicId, set, unset, OptionalInt.of(count), replicas, validateOnly);
  }

  /** Adds replicas until each partition has so many; together with nothing else. */
  public TopicChange withReplicas(int count) {
    return new TopicChange(
        name, topicId, set, unset, partitions, OptionalInt.of(count), validateOnly);
  }

  /** Refused when the name belongs to another topic by then. */
  public TopicChange onlyIf(String id) {
    return new TopicChange(name, Optional.of(id), set, unset, partitions, replicas, validateOnly);
  }

  /** Checks everything, changes nothing. */
  public TopicChange validatedOnly() {
    return new TopicChange(name, topicId, set, unset, partitions, replicas, true);
  }
}
