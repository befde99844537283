package io.millrace.client.cluster;

import io.millrace.client.ClientSettings;
import io.millrace.rpc.Backoff;

/**
 * What discovery by brokers needs of a client's settings.
 *
 * @param refreshNanos between two questions when nobody has another reason to ask; give or take a
 *     fifth
 * @param requestTimeoutNanos after which another broker is asked
 * @param backoff between rounds in which no broker answered
 */
public record BrokerDiscoverySettings(
    long refreshNanos, long requestTimeoutNanos, Backoff backoff) {
  /** Any other broker can answer as well, and from memory: nobody is waited for longer. */
  private static final long MAX_REQUEST_NANOS = 3_000_000_000L;

  /** From the settings that all clients share. */
  public static BrokerDiscoverySettings of(ClientSettings settings) {
    return new BrokerDiscoverySettings(
        settings.clusterRefreshInterval().toNanos(),
        Math.min(MAX_REQUEST_NANOS, settings.requestTimeout().toNanos()),
        ClusterSettings.of(settings).backoff());
  }
}
