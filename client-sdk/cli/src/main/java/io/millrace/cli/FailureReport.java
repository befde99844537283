package io.millrace.cli;

import io.millrace.client.errors.BrokerUnavailableException;
import io.millrace.client.errors.ClusterUnreachableException;
import io.millrace.client.errors.GroupInUseException;
import io.millrace.client.errors.InterruptException;
import io.millrace.client.errors.InvalidRequestException;
import io.millrace.client.errors.InvalidSettingException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.NotAuthorisedException;
import io.millrace.client.errors.OffsetOutOfRangeException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.TooManyConnectionsException;
import io.millrace.client.errors.TopicExistsException;
import io.millrace.client.errors.UnknownGroupException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.client.errors.UnsupportedFeatureException;
import io.millrace.client.errors.WakeupException;
import io.millrace.client.errors.WrongClusterException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the user and the shell are told of an exception: the one place where the client's exceptions
 * become exit codes.
 *
 * @param line what, where, what to do; nothing in it steers a terminal
 */
public record FailureReport(int exitCode, String line) {
  /** The wire's names for errors, which stand before words for people; exit codes say as much. */
  private static final Pattern ERROR_CODES =
      Pattern.compile(
          "\\b(?:FENCED_MEMBER|GROUP_FULL|STALE_MEMBER_EPOCH|NOT_ASSIGNED|GROUP_IN_USE|UNKNOWN_GROUP"
              + "|GROUP_DAMAGED|GROUPS_LOADING|TOO_MANY_CONNECTIONS|INVALID_REQUEST|UNSUPPORTED|CORRUPT_BATCH|TOO_LARGE|INVALID_TOPIC_NAME"
              + "|INVALID_SETTING|INVALID_TIMESTAMP|NOT_AUTHORISED|UNKNOWN_TOPIC|UNKNOWN_PARTITION"
              + "|TOPIC_EXISTS|NOT_LEADER|FENCED_EPOCH|UNKNOWN_EPOCH|NOT_ENOUGH_REPLICAS"
              + "|NOT_ENOUGH_BROKERS|OFFSET_OUT_OF_RANGE|OFFSET_NOT_AVAILABLE|BUSY|STOPPING"
              + "|OUT_OF_ORDER_SEQUENCE|FENCED_PRODUCER|DUPLICATE_SEQUENCE|SEQUENCE_REUSED"
              + "|UNKNOWN_PRODUCER|FENCED_INCARNATION|KEY_MISSING"
              + "|UNAVAILABLE|OUTCOME_UNKNOWN|TIMED_OUT|STORAGE_FAILED|INTERNAL): ");

  public static FailureReport of(Throwable e) {
    if (e instanceof CommandFailedException failed) {
      return new FailureReport(failed.exitCode(), message(failed));
    }
    if (e instanceof UnknownTopicException missing) {
      return new FailureReport(
          ExitCode.NOT_FOUND.number(), message(missing) + "; 'millrace topic list' shows all");
    }
    if (e instanceof OffsetOutOfRangeException) {
      // The client's own advice, behind the semicolon, is for programmers.
      return failed(message(e).replaceFirst("; seek, .*", "") + "; see --from");
    }
    if (e instanceof UnsupportedFeatureException) {
      return failed("the broker cannot do this; is it older than this command? " + message(e));
    }
    if (e instanceof MillraceException reported) {
      return new FailureReport(exitCode(reported).number(), message(reported));
    }
    if (e instanceof NoSuchFileException missing) {
      return new FailureReport(
          ExitCode.NOT_FOUND.number(), Printable.line("no such file: " + missing.getFile()));
    }
    if (e instanceof AccessDeniedException denied) {
      return failed("no permission for " + denied.getFile());
    }
    if (e instanceof IOException) {
      return failed(message(e));
    }
    return failed(
        "unexpected error, please report it with the output of "
            + CommonOptions.VERBOSE
            + ": "
            + e.getClass().getSimpleName()
            + ": "
            + message(e));
  }

  private static ExitCode exitCode(MillraceException e) {
    if (e instanceof UnknownPartitionException || e instanceof UnknownGroupException) {
      return ExitCode.NOT_FOUND;
    }
    if (e instanceof TopicExistsException
        || e instanceof WrongClusterException
        || e instanceof GroupInUseException) {
      return ExitCode.CONFLICT;
    }
    if (e instanceof OutcomeUnknownException || e instanceof TimedOutException) {
      return ExitCode.TIMED_OUT;
    }
    if (e instanceof NotAuthorisedException) {
      return ExitCode.NOT_AUTHORISED;
    }
    if (e instanceof ClusterUnreachableException
        || e instanceof BrokerUnavailableException
        || e instanceof TooManyConnectionsException) {
      return ExitCode.UNREACHABLE;
    }
    if (e instanceof InvalidRequestException || e instanceof InvalidSettingException) {
      return ExitCode.WRONG_USAGE;
    }
    if (e instanceof InterruptException || e instanceof WakeupException) {
      return ExitCode.INTERRUPTED;
    }
    return ExitCode.FAILED;
  }

  private static FailureReport failed(String message) {
    return new FailureReport(ExitCode.FAILED.number(), Printable.line(message));
  }

  private static String message(Throwable e) {
    @Nullable String message = e.getMessage();
    return message == null
        ? e.getClass().getSimpleName()
        : ERROR_CODES.matcher(Printable.line(message)).replaceAll("");
  }
}
