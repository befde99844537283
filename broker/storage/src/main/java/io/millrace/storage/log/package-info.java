/**
 * A partition's log: segments, their sparse indexes, leader epochs, recovery, flushing.
 *
 * <p>{@link io.millrace.storage.log.LogStore} opens logs and is the entrance for the server; a
 * {@link io.millrace.storage.log.PartitionLog} belongs to one event loop. Three threads meet here:
 * the owner loop appends and reads, the {@code flush} worker forces (and cuts, since that must be
 * forced too), a housekeeping thread recovers. They meet through messages only: jobs to the flush
 * worker carry what they need, outcomes come back to the owner as tasks.
 *
 * <p>{@link io.millrace.storage.log.LogDump} and {@link io.millrace.storage.log.LogVerify} look at
 * logs without a broker.
 */
@NullMarked
package io.millrace.storage.log;

import org.jspecify.annotations.NullMarked;
