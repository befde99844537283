package io.millrace.client.consumer;

import io.millrace.client.ConsumerSettings;
import io.millrace.client.OffsetReset;
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

  static FetchSettings of(ConsumerSettings settings) {
    return new FetchSettings(
        settings.autoOffsetReset(),
        settings.fetchMinBytes(),
        (int) settings.fetchMaxWait().toMillis(),
        settings.fetchMaxBytes(),
        settings.maxPartitionFetchBytes(),
        settings.prefetchBytes(),
        settings.requestTimeout().toNanos());
  }
}
