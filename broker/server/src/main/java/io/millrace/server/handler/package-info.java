/**
 * One class per request of the wire: from a request's head to its answer.
 *
 * <p>A handler runs on the loop of the connection that a request came on and holds no state of its
 * own. What belongs to a partition is asked of the shard that owns it; a request that spans shards
 * is split, and put together again by its {@code …InFlight} object. Knows the wire's messages; does
 * not know files or the cluster's store.
 */
@NullMarked
package io.millrace.server.handler;

import org.jspecify.annotations.NullMarked;
