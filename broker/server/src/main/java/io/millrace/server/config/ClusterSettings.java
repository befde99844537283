package io.millrace.server.config;

/**
 * How the cluster's store is reached.
 *
 * @param connect ZooKeeper's connect string with the path to live under
 */
public record ClusterSettings(String connect, int sessionTimeoutMillis, int connectTimeoutMillis) {}
