package io.millrace.server.config;

import java.util.Map;

/**
 * What a topic gets when its creator does not say.
 *
 * @param settings by topic key, where the operator has set another default than the built-in one
 */
public record TopicDefaults(
    boolean autoCreate, int partitions, Map<String, PropertiesText.Entry> settings) {
  /** Nothing is set. */
  public static final TopicDefaults BUILT_IN = new TopicDefaults(false, 1, Map.of());

  public TopicDefaults {
    settings = Map.copyOf(settings);
  }
}
