package io.millrace.server.handler;

import io.millrace.coordination.topics.CreateOutcome;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import java.util.Optional;

/** What a creation that did not succeed is called on the wire. */
final class CreateOutcomes {
  private CreateOutcomes() {}

  /** Empty for a topic that has been, or could be, created. */
  static Optional<Refusal> refusal(String name, CreateOutcome outcome) {
    if (outcome instanceof CreateOutcome.Exists exists) {
      return Optional.of(
          new Refusal(
              ErrorCode.TOPIC_EXISTS,
              "topic "
                  + name
                  + (exists.isDeleting()
                      ? " is still being deleted; try again in a moment"
                      : " exists, with the id " + exists.topicId())));
    }
    if (outcome instanceof CreateOutcome.Invalid invalid) {
      return Optional.of(new Refusal(code(invalid.reason()), invalid.message()));
    }
    if (outcome instanceof CreateOutcome.Unavailable unavailable) {
      return Optional.of(
          new Refusal(ErrorCode.UNAVAILABLE, "nothing was created: " + unavailable.why()));
    }
    if (outcome instanceof CreateOutcome.Unknown unknown) {
      return Optional.of(
          new Refusal(
              ErrorCode.OUTCOME_UNKNOWN,
              "topic " + name + " may have been created: " + unknown.why()));
    }
    return Optional.empty();
  }

  private static ErrorCode code(CreateOutcome.Invalid.Reason reason) {
    return switch (reason) {
      case NAME -> ErrorCode.INVALID_TOPIC_NAME;
      case SETTING -> ErrorCode.INVALID_SETTING;
      case NOT_ENOUGH_BROKERS -> ErrorCode.NOT_ENOUGH_BROKERS;
      case PARTITIONS, REPLICATION_FACTOR -> ErrorCode.INVALID_REQUEST;
    };
  }
}
