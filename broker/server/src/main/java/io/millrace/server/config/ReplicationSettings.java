package io.millrace.server.config;

/**
 * How this broker follows others.
 *
 * @param fetchMaxBytes of one answer, for all partitions together
 * @param suspicionMinMillis a broker that is silent for less is never suspected
 * @param suspicionMaxMillis one that is silent for longer always is
 */
public record ReplicationSettings(
    int fetchMaxBytes, int suspicionMinMillis, int suspicionMaxMillis) {}
