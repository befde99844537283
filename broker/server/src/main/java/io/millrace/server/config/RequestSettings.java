package io.millrace.server.config;

/** What one connection, and one request on it, may ask of the broker. */
public record RequestSettings(
    int maxConnections,
    int maxConnectionsPerAddress,
    int maxRequestBytes,
    int maxPartitions,
    int timeoutMillis,
    int maxInFlight,
    int maxInFlightBytes,
    int maxFetchBytes,
    int maxFetchWaitMillis,
    int topicChangesPerSecond,
    int producerIdsPerSecond) {}
