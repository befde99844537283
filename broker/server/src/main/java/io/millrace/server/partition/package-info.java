/**
 * The partitions of this broker and the loops that own them.
 *
 * <p>A partition belongs to one {@link io.millrace.server.partition.Shard}, and a shard to one
 * event loop: its log, role, high watermark and everybody who waits for it are touched by that loop
 * only, without locks. Other loops leave messages in the shard's {@link
 * io.millrace.server.partition.Mailbox}. Decisions (who may append, what a fetch gets, how far
 * consumers may see) are side-effect free classes named {@code …Rules}; the partition carries them
 * out. Nothing in here blocks but writes into the page cache; what needs the disk is handed to
 * another worker and comes back as a message.
 *
 * <p>Knows logs and epochs. Does not know connections, requests on the wire, or the cluster's
 * store.
 */
@NullMarked
package io.millrace.server.partition;

import org.jspecify.annotations.NullMarked;
