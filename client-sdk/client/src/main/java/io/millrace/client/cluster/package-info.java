/**
 * What a client knows of its cluster and how it reaches it: topics with their leaders, one
 * connection to each broker that is needed, and requests that any broker, or any leader, may
 * answer. Not part of the API.
 *
 * <p>Everything belongs to the client's loop unless it says otherwise; nothing blocks. The rule of
 * the house: what was learnt under a higher leader epoch is never undone by what was learnt under a
 * lower one (I15).
 *
 * <p>May use the API's values, settings and exceptions and the seams of {@code io.millrace.rpc};
 * knows nothing of batches and records. Only {@code ZooKeeperDiscovery} and what it maps images
 * with look at coordination, and nothing of it is loaded by a client that goes through brokers.
 */
@NullMarked
package io.millrace.client.cluster;

import org.jspecify.annotations.NullMarked;
