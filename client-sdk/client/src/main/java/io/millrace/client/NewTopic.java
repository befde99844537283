package io.millrace.client;

import java.util.Map;
import java.util.OptionalInt;

/**
 * A topic to be created.
 *
 * @param name 1 to 200 characters of {@code A-Z a-z 0-9 . _ -}, not {@code .} or {@code ..}
 * @param partitions absent: the cluster's default
 * @param replicationFactor absent: the cluster's default
 * @param settings what shall differ from the cluster's defaults
 * @param validateOnly check everything, create nothing
 */
public record NewTopic(
    String name,
    OptionalInt partitions,
    OptionalInt replicationFactor,
    Map<String, String> settings,
    boolean validateOnly) {
  public NewTopic {
    settings = Map.copyOf(settings);
  }

  /** With the cluster's defaults. */
  public NewTopic(String name) {
    this(name, OptionalInt.empty(), OptionalInt.empty(), Map.of(), false);
  }

  /** With the cluster's default settings. */
  public NewTopic(String name, int partitions, int replicationFactor) {
    this(name, OptionalInt.of(partitions), OptionalInt.of(replicationFactor), Map.of(), false);
  }

  /** With so many, at least 1. */
  public NewTopic withPartitions(int count) {
    return new NewTopic(name, OptionalInt.of(count), replicationFactor, settings, validateOnly);
  }

  /**
   * With so many replicas of each partition, at least 1 and at most as many as brokers are alive.
   */
  public NewTopic withReplicationFactor(int count) {
    return new NewTopic(name, partitions, OptionalInt.of(count), settings, validateOnly);
  }

  /** With these settings and no others. */
  public NewTopic withSettings(Map<String, String> settings) {
    return new NewTopic(name, partitions, replicationFactor, settings, validateOnly);
  }

  /** Checks everything, creates nothing. */
  public NewTopic validatedOnly() {
    return new NewTopic(name, partitions, replicationFactor, settings, true);
  }
}
