/**
 * The follower's side of replication between brokers: for each broker that shares a partition with
 * this one a {@link io.millrace.server.replication.PeerLink}, which fetches all that it leads at
 * once and notices when it falls silent.
 *
 * <p>What is done with what was fetched, and what a leader makes of a fetch, is the partition's
 * business ({@code partition}, {@code replica}); who leads is the cluster's ({@code cluster}).
 *
 * <p>Owner of a link: one event loop. {@link io.millrace.server.replication.ReplicaFetchers} is on
 * the store's loop. Depends on {@code cluster}, whose way of having things copied it is, {@code
 * partition}, {@code config}, the images of {@code coordination.view}, and {@code rpc}.
 */
@NullMarked
package io.millrace.server.replication;

import org.jspecify.annotations.NullMarked;
