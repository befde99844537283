package io.millrace.coordination.store;

import java.util.List;

/** Where things are; {@code COORDINATION.md} tells what stands there. */
public final class ZnodePaths {
  public static final String ROOT = "/";
  public static final String CLUSTER = "/cluster";
  public static final String BROKERS = "/brokers";
  public static final String LIVE_BROKERS = "/brokers/live";
  public static final String KNOWN_BROKERS = "/brokers/known";
  public static final String TOPICS = "/topics";
  public static final String DELETED = "/deleted";
  public static final String PARTITIONS = "/partitions";
  public static final String NAMES = "/names";

  /** Made by whoever needs a producer id first. */
  public static final String PRODUCER_IDS = "/producer-ids";

  /** What the first broker lays out, parents first. */
  public static final List<String> LAYOUT =
      List.of(BROKERS, LIVE_BROKERS, KNOWN_BROKERS, TOPICS, DELETED, PARTITIONS, NAMES);

  private ZnodePaths() {}

  public static String liveBroker(int id) {
    return LIVE_BROKERS + "/" + id;
  }

  public static String knownBroker(int id) {
    return KNOWN_BROKERS + "/" + id;
  }

  /** The name must have been validated: it becomes part of a path. */
  public static String topic(String name) {
    return TOPICS + "/" + name;
  }

  /**
   * @param collisionKey equal for names that may not exist beside each other
   */
  public static String name(String collisionKey) {
    return NAMES + "/" + collisionKey;
  }

  public static String deleted(String topicId) {
    return DELETED + "/" + topicId;
  }

  /** The parent of a topic's partitions. */
  public static String partitions(String topicId) {
    return PARTITIONS + "/" + topicId;
  }

  public static String partition(String topicId, int partition) {
    return PARTITIONS + "/" + topicId + "/" + partition;
  }
}
