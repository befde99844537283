package io.millrace.client.group;

import io.millrace.client.ConsumerSettings;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What a member needs of a consumer's settings.
 *
 * @param pollLimitMillis a member that does not poll for so long leaves
 */
record GroupSettings(
    String groupId,
    Optional<String> instanceId,
    Optional<String> rack,
    Optional<String> assignor,
    String clientId,
    int sessionTimeoutMillis,
    int heartbeatMillis,
    int pollLimitMillis,
    long callTimeoutNanos) {
  /** Beside what a coordinator may wait on purpose. */
  private static final long MAX_SILENCE_MILLIS = 3_000;

  static GroupSettings of(ConsumerSettings settings) {
    return new GroupSettings(
        settings.groupId().orElseThrow(),
        settings.groupInstanceId(),
        settings.clientRack(),
        settings.groupAssignor(),
        settings.clientId(),
        (int) settings.sessionTimeout().toMillis(),
        (int)
            Math.min(
                settings.heartbeatInterval().toMillis(), settings.sessionTimeout().toMillis() / 3),
        (int) settings.maxPollInterval().toMillis(),
        TimeUnit.MILLISECONDS.toNanos(settings.defaultApiTimeout().toMillis()));
  }

  /**
   * After so long without an answer to a heartbeat somebody else may be the coordinator. Within two
   * thirds of the session time-out, so that another one can still be told in time.
   */
  long heartbeatPatienceNanos() {
    return TimeUnit.MILLISECONDS.toNanos(
        heartbeatMillis + Math.min(MAX_SILENCE_MILLIS, sessionTimeoutMillis / 3));
  }
}
