package io.millrace.server.config;

import io.millrace.coordination.view.ZooKeeperAddress;
import io.millrace.coordination.view.ZooKeeperTimeouts;

/** How the cluster's store is reached. */
public record ClusterSettings(ZooKeeperAddress address, ZooKeeperTimeouts timeouts) {}
