package io.millrace.coordination.topics;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What somebody wants of a topic that stands.
 *
 * @param topicId when given: only this very topic, not another of the same name
 * @param set settings to hold from now on; laid over those the topic has
 * @param unset settings to go back to their defaults
 * @param partitions the new count; empty: as many as there are
 * @param replicas how many each partition shall have; empty: as they are
 */
public record AlterationRequest(
    String name,
    Optional<String> topicId,
    Map<String, String> set,
    Set<String> unset,
    OptionalInt partitions,
    OptionalInt replicas) {
  public AlterationRequest {
    set = Map.copyOf(set);
    unset = Set.copyOf(unset);
  }

  /** With the replicas that there are. */
  public AlterationRequest(
      String name,
      Optional<String> topicId,
      Map<String, String> set,
      Set<String> unset,
      OptionalInt partitions) {
    this(name, topicId, set, unset, partitions, OptionalInt.empty());
  }
}
