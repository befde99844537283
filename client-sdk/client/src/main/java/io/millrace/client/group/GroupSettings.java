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
}
