package io.millrace.client.consumer;

import io.millrace.client.ConsumerSettings;
import io.millrace.client.OffsetReset;
import io.millrace.client.errors.InvalidSettingException;
import java.util.Optional;

/**
 * What the engine needs of a consumer's settings; sizes in bytes.
 *
 * @param reset absent: latest, but fail where the position was sought
 * @param maxBytes of one answer
 * @param maxPartitionBytes of one partition in an answer
 * @param prefetchBytes fetched and unread, or on the way
 */
record FetchSettings(
    Optional<OffsetReset> reset,
    int minBytes,
    int maxWaitMillis,
    int maxBytes,
    int maxPartitionBytes,
    int prefetchBytes,
    long requestTimeoutNanos) {

  /**
   * From a consumer's settings.
   *
   * @throws InvalidSettingException two of them contradict each other
   */
  static FetchSettings of(ConsumerSettings settings) {
    long waitMillis = settings.fetchMaxWait().toMillis();
    long timeoutMillis = settings.requestTimeout().toMillis();
    if (2 * waitMillis > timeoutMillis) {
      throw new InvalidSettingException(
          "fetch.max.wait.ms",
          "fetch.max.wait.ms is "
              + waitMillis
              + ", more than half of request.timeout.ms, "
              + timeoutMillis
              + ": a broker that does as it is told would look like a dead one");
    }
    return new FetchSettings(
        settings.autoOffsetReset(),
        settings.fetchMinBytes(),
        (int) waitMillis,
        settings.fetchMaxBytes(),
        settings.maxPartitionFetchBytes(),
        settings.prefetchBytes(),
        settings.requestTimeout().toNanos());
  }
}
