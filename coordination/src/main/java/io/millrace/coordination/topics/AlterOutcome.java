package io.millrace.coordination.topics;

import java.util.Map;

/** What came of the wish to alter a topic. */
public sealed interface AlterOutcome {
  /**
   * It is as wanted, by this request or already.
   *
   * @param settings all of the topic's own
   */
  record Altered(String topicId, int partitions, Map<String, String> settings)
      implements AlterOutcome {}

  /** Only asked whether: it could be altered, and would then be like this. */
  record Valid(String topicId, int partitions, int replicationFactor, Map<String, String> settings)
      implements AlterOutcome {}

  /** There is no such topic, or not with that id, or it is being deleted. */
  record NotFound(String why) implements AlterOutcome {}

  /** The request is wrong: nothing was changed. */
  record Invalid(Reason reason, String message) implements AlterOutcome {
    /** What is wrong with it. */
    public enum Reason {
      /** Nothing to alter, or the same key both set and unset. */
      REQUEST,
      PARTITIONS,
      REPLICAS,
      SETTING,
      /** Not with the brokers that are live now. */
      NOT_ENOUGH_BROKERS
    }
  }

  /** Certainly not altered. */
  record Unavailable(String why) implements AlterOutcome {}

  /** It may have been altered, or may come to be. */
  record Unknown(String topicId, String why) implements AlterOutcome {}
}
