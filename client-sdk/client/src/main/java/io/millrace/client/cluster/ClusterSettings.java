package io.millrace.client.cluster;

import io.millrace.client.ClientSettings;
import io.millrace.rpc.Backoff;
import java.util.concurrent.TimeUnit;

/**
 * What this package needs of a client's settings.
 *
 * @param requestTimeoutNanos after which the outcome of a request counts as unknown
 * @param lookupTimeoutNanos after which nobody waits for a topic to be looked up any more
 * @param autoCreate whether to ask for missing topics to be created
 */
public record ClusterSettings(
    long requestTimeoutNanos, long lookupTimeoutNanos, Backoff backoff, boolean autoCreate) {
  /** From the settings that all clients share. */
  public static ClusterSettings of(ClientSettings settings) {
    long first = settings.retryBackoff().toMillis();
    return new ClusterSettings(
        settings.requestTimeout().toNanos(),
        TimeUnit.SECONDS.toNanos(60),
        new Backoff(first, Math.max(first, settings.retryBackoffMax().toMillis())),
        settings.allowAutoCreateTopics());
  }
}
