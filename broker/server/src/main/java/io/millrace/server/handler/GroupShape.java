package io.millrace.server.handler;

import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.GroupHeartbeatRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Whether what a request says of groups and members can be meant at all. B50, B51, B53, B54. */
final class GroupShape {
  static final int MAX_METADATA_BYTES = 4 << 10;
  static final int MAX_ID_CHARS = 255;
  private static final int MAX_TOPIC_CHARS = 200;
  private static final int MIN_SESSION_MILLIS = 1_000;
  private static final int MAX_SESSION_MILLIS = 1_800_000;
  private static final int MAX_REVOCATION_MILLIS = 3_600_000;
  private static final int MAX_WAIT_MILLIS = 60_000;

  private GroupShape() {}

  static Optional<Refusal> checkGroup(String groupId) {
    return fault("a group id", groupId).map(fault -> new Refusal(ErrorCode.INVALID_REQUEST, fault));
  }

  /**
   * @param memberId empty: no member
   */
  static Optional<Refusal> checkCommitter(String groupId, String memberId) {
    return checkGroup(groupId)
        .or(
            () ->
                memberId.isEmpty()
                    ? Optional.empty()
                    : fault("a member id", memberId)
                        .map(fault -> new Refusal(ErrorCode.INVALID_REQUEST, fault)));
  }

  static Optional<Refusal> check(GroupHeartbeatRequest beat) {
    Optional<String> fault =
        fault("a group id", beat.getGroupId())
            .or(() -> fault("a member id", beat.getMemberId()))
            .or(
                () ->
                    beat.hasInstanceId()
                        ? fault("an instance id", beat.getInstanceId())
                        : Optional.empty())
            .or(() -> faultOfTimes(beat));
    if (fault.isEmpty()
        && (beat.getClientId().length() > MAX_ID_CHARS || beat.getRack().length() > MAX_ID_CHARS)) {
      fault = Optional.of("a client id or a rack has at most " + MAX_ID_CHARS + " characters");
    }
    return fault
        .or(() -> faultOfTopics("a topic's name", beat.getSubscription().getTopicsList()))
        .or(
            () ->
                faultOfTopics("a pattern of topics", beat.getSubscription().getTopicPatternsList()))
        .map(why -> new Refusal(ErrorCode.INVALID_REQUEST, why));
  }

  /** What a member says is kept in a record, which has a largest size. */
  private static Optional<String> faultOfTopics(String what, List<String> topics) {
    return topics.stream()
        .filter(name -> name.isEmpty() || name.length() > MAX_TOPIC_CHARS)
        .findFirst()
        .map(name -> what + " has 1 to " + MAX_TOPIC_CHARS + " characters");
  }

  private static Optional<String> faultOfTimes(GroupHeartbeatRequest beat) {
    if (beat.getMemberEpoch() < 0) {
      return Optional.empty(); // whoever leaves says nothing of it
    }
    if (beat.getNumber() == 0) {
      return Optional.of("a heartbeat has no number; they count from 1");
    }
    return bounds(
            "session_timeout_ms",
            beat.getSessionTimeoutMs(),
            MIN_SESSION_MILLIS,
            MAX_SESSION_MILLIS)
        .or(
            () ->
                bounds(
                    "revocation_timeout_ms",
                    beat.getRevocationTimeoutMs(),
                    MIN_SESSION_MILLIS,
                    MAX_REVOCATION_MILLIS))
        .or(() -> bounds("max_wait_ms", beat.getMaxWaitMs(), 0, MAX_WAIT_MILLIS));
  }

  private static Optional<String> bounds(String what, int millis, int min, int max) {
    return millis >= min && millis <= max
        ? Optional.empty()
        : Optional.of(
            what + " is " + Integer.toUnsignedString(millis) + ", outside " + min + " to " + max);
  }

  private static Optional<String> fault(String what, String id) {
    if (id.isEmpty()) {
      return Optional.of(what + " is empty");
    }
    if (id.length() > MAX_ID_CHARS) {
      return Optional.of(what + " has " + id.length() + " characters, more than " + MAX_ID_CHARS);
    }
    return id.chars().anyMatch(Character::isISOControl)
        ? Optional.of(what + " has control characters")
        : Optional.empty();
  }

  static boolean isTooLong(String metadata) {
    return metadata.length() > MAX_METADATA_BYTES
        || metadata.getBytes(StandardCharsets.UTF_8).length > MAX_METADATA_BYTES;
  }
}
