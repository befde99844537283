package io.millrace.client.read;

import io.millrace.client.ConsumerSettings;

/**
 * What the engine needs of a consumer's settings.
 *
 * @param maxBytes of one answer
 * @param maxPartitionBytes one partition's share of an answer
 * @param prefetchBytes fetched and not consumed yet, or on the way
 */
public record FetchSettings(
    int minBytes,
    long maxWaitMillis,
    int maxBytes,
    int maxPartitionBytes,
    int prefetchBytes,
    long requestTimeoutNanos) {
  /** From a consumer's settings. */
  public static FetchSettings of(ConsumerSettings settings) {
    return new FetchSettings(
        settings.fetchMinBytes(),
        settings.fetchMaxWait().toMillis(),
        settings.fetchMaxBytes(),
        settings.maxPartitionFetchBytes(),
        settings.prefetchBytes(),
        settings.requestTimeout().plus(settings.fetchMaxWait()).toNanos());
  }
}
