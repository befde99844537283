package io.millrace.coordination.topics;

import java.util.Map;

/** What came of the wish to create a topic. */
public sealed interface CreateOutcome {
  /** It exists, by this request. */
  record Created(
      String name,
      String topicId,
      int partitions,
      int replicationFactor,
      Map<String, String> settings)
      implements CreateOutcome {}

  /** Only asked whether: it could be created. */
  record Valid(int partitions, int replicationFactor) implements CreateOutcome {}

  /**
   * A topic of this name was there already.
   *
   * @param topicId empty when its node cannot be read
   */
  record Exists(String topicId, boolean isDeleting) implements CreateOutcome {}

  /** The request is wrong: it will always be refused. */
  record Invalid(Reason reason, String message) implements CreateOutcome {
    /** What is wrong with it. */
    public enum Reason {
      NAME,
      PARTITIONS,
      REPLICATION_FACTOR,
      SETTING,
      /** Not with the brokers that are live now. */
      NOT_ENOUGH_BROKERS
    }
  }

  /** Certainly not created: no contact with the store. */
  record Unavailable(String why) implements CreateOutcome {}

  /** It may exist, or may come to exist; nobody but the store can tell, and it does not answer. */
  record Unknown(String topicId, String why) implements CreateOutcome {}
}
