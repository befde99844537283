/**
 * The cluster store seam: everything the product asks of ZooKeeper, and nothing of how it is asked.
 *
 * <p>One of the four seams. Production is {@code io.millrace.coordination.curator}; the twin for
 * tests and simulation is {@code MemoryStore} in this module's test jar; one contract suite runs on
 * both. Beside the seam stand the two things every user of it shares: the paths ({@link
 * io.millrace.coordination.store.ZnodePaths}) and the content ({@link
 * io.millrace.coordination.store.ZnodeJson}).
 *
 * <p>A store belongs to one event loop, {@code zk-events}: it is called there, and answers there.
 * This package may see protobuf and {@code io.millrace.rpc}'s seams; of brokers and topics it knows
 * only what their nodes may hold.
 */
@NullMarked
package io.millrace.coordination.store;

import org.jspecify.annotations.NullMarked;
