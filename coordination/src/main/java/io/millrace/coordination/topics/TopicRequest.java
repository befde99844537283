package io.millrace.coordination.topics;

import java.util.Map;
import java.util.OptionalInt;

/**
 * A topic as an administrator asks for it; nothing of it has been checked.
 *
 * @param replicationFactor empty: as many as are sensible here
 */
public record TopicRequest(
    String name, int partitions, OptionalInt replicationFactor, Map<String, String> settings) {
  public TopicRequest {
    settings = Map.copyOf(settings);
  }
}
