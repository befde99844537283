package io.millrace.client.cluster;

import io.millrace.client.errors.BrokerFailedException;
import io.millrace.client.errors.BrokerUnavailableException;
import io.millrace.client.errors.CommitRefusedException;
import io.millrace.client.errors.GroupDamagedException;
import io.millrace.client.errors.GroupFullException;
import io.millrace.client.errors.GroupInUseException;
import io.millrace.client.errors.InvalidRequestException;
import io.millrace.client.errors.MemberFencedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.NotAuthorisedException;
import io.millrace.client.errors.NotEnoughReplicasException;
import io.millrace.client.errors.NotLeaderException;
import io.millrace.client.errors.OffsetNotAvailableException;
import io.millrace.client.errors.OutOfOrderSequenceException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.client.errors.ProducerFencedException;
import io.millrace.client.errors.RecordTooLargeException;
import io.millrace.client.errors.TooManyConnectionsException;
import io.millrace.client.errors.TopicExistsException;
import io.millrace.client.errors.UnknownGroupException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.client.errors.UnsupportedFeatureException;
import io.millrace.rpc.HelloRefusedException;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;

/** What a broker's error codes mean to a client: one table. */
public final class BrokerErrors {
  private BrokerErrors() {}

  /** What to do about an error. */
  public enum Verdict {
    /** Nothing was done. The same request, to the same broker, later. */
    LATER,
    /** Nothing was done. The sender's picture of the cluster is old: look again, then retry. */
    LOOK_AGAIN,
    /** Nothing was done, and nothing will be. */
    NEVER,
    /** It may have been done. */
    UNKNOWN
  }

  /** A code this version does not know may mean anything: unknown. */
  public static Verdict verdict(Error error) {
    return switch (error.getCode()) {
      case NOT_LEADER,
          FENCED_EPOCH,
          FENCED_INCARNATION,
          UNKNOWN_EPOCH,
          UNKNOWN_TOPIC,
          UNKNOWN_PARTITION ->
          Verdict.LOOK_AGAIN;
      case BUSY,
          STOPPING,
          UNAVAILABLE,
          NOT_ENOUGH_REPLICAS,
          OFFSET_NOT_AVAILABLE,
          CORRUPT_BATCH,
          GROUPS_LOADING,
          TOO_MANY_CONNECTIONS,
          STORAGE_FAILED ->
          Verdict.LATER;
      case INVALID_REQUEST,
          UNSUPPORTED,
          TOO_LARGE,
          INVALID_TOPIC_NAME,
          INVALID_SETTING,
          INVALID_TIMESTAMP,
          NOT_AUTHORISED,
          TOPIC_EXISTS,
          NOT_ENOUGH_BROKERS,
          OUT_OF_ORDER_SEQUENCE,
          FENCED_PRODUCER,
          DUPLICATE_SEQUENCE,
          SEQUENCE_REUSED,
          KEY_MISSING,
          UNKNOWN_PRODUCER,
          FENCED_MEMBER,
          GROUP_FULL,
          STALE_MEMBER_EPOCH,
          NOT_ASSIGNED,
          GROUP_IN_USE,
          UNKNOWN_GROUP,
          GROUP_DAMAGED,
          OFFSET_OUT_OF_RANGE ->
          Verdict.NEVER;
      case OUTCOME_UNKNOWN, TIMED_OUT, INTERNAL, ERROR_CODE_UNSPECIFIED, UNRECOGNIZED ->
          Verdict.UNKNOWN;
    };
  }

  /** Whether a broker says that something is wrong with itself: asking again is no use. */
  static boolean isFault(Error error) {
    return verdict(error) == Verdict.UNKNOWN
        && error.getCode() != ErrorCode.OUTCOME_UNKNOWN
        && error.getCode() != ErrorCode.TIMED_OUT;
  }

  /** Whether a connection could not be opened because there are as many as there may be. */
  static boolean isOverLimit(Throwable cause) {
    return cause instanceof HelloRefusedException refused
        && refused.code() == ErrorCode.TOO_MANY_CONNECTIONS;
  }

  /**
   * The exception a user is told.
   *
   * @param topic what the request was about; empty for the cluster
   * @param partition negative for the topic as a whole
   */
  public static MillraceException exception(Error error, String topic, int partition) {
    String message = message(error, topic, partition);
    return switch (error.getCode()) {
      case UNKNOWN_TOPIC -> new UnknownTopicException(topic, message);
      case UNKNOWN_PARTITION -> new UnknownPartitionException(topic, partition, message);
      case TOPIC_EXISTS -> new TopicExistsException(message);
      case NOT_LEADER, FENCED_EPOCH, FENCED_INCARNATION, UNKNOWN_EPOCH ->
          new NotLeaderException(message);
      case BUSY, STOPPING, UNAVAILABLE, CORRUPT_BATCH, GROUPS_LOADING ->
          new BrokerUnavailableException(message);
      case TOO_MANY_CONNECTIONS -> new TooManyConnectionsException(message);
      case NOT_ENOUGH_REPLICAS, NOT_ENOUGH_BROKERS -> new NotEnoughReplicasException(message);
      case OFFSET_NOT_AVAILABLE -> new OffsetNotAvailableException(message);
      case TOO_LARGE -> new RecordTooLargeException(message);
      case UNSUPPORTED -> new UnsupportedFeatureException(message);
      case NOT_AUTHORISED -> new NotAuthorisedException(message);
      case INVALID_REQUEST,
          INVALID_TOPIC_NAME,
          INVALID_SETTING,
          INVALID_TIMESTAMP,
          KEY_MISSING,
          DUPLICATE_SEQUENCE,
          OFFSET_OUT_OF_RANGE ->
          new InvalidRequestException(message);
      case FENCED_PRODUCER, SEQUENCE_REUSED -> new ProducerFencedException(message);
      case OUT_OF_ORDER_SEQUENCE, UNKNOWN_PRODUCER -> new OutOfOrderSequenceException(message);
      case FENCED_MEMBER -> new MemberFencedException(message);
      case STALE_MEMBER_EPOCH, NOT_ASSIGNED -> new CommitRefusedException(message);
      case GROUP_DAMAGED -> new GroupDamagedException(message);
      case GROUP_FULL -> new GroupFullException(message);
      case GROUP_IN_USE -> new GroupInUseException(message);
      case UNKNOWN_GROUP -> new UnknownGroupException(message);
      case OUTCOME_UNKNOWN, TIMED_OUT -> new OutcomeUnknownException(message);
      case STORAGE_FAILED, INTERNAL, ERROR_CODE_UNSPECIFIED, UNRECOGNIZED ->
          new BrokerFailedException(message);
    };
  }

  private static String message(Error error, String topic, int partition) {
    String what = error.getCode() + ": " + error.getMessage();
    if (topic.isEmpty() || topic.equals(GroupCall.TOPIC)) { // a group is not its partition
      return what;
    }
    return (partition < 0 ? topic : topic + "/" + partition) + ": " + what;
  }
}
