/**
 * The cluster store on ZooKeeper, through Curator: the production side of the store seam, and the
 * only package that sees either library.
 *
 * <p>Curator keeps the connection: it makes ZooKeeper handles, and a new one when a session has
 * ended. Requests go through the handle itself, not through Curator's operations, because those are
 * retried, and queued while there is no contact, and may so run in another session than the one
 * they were meant for. A request here belongs to one session and is sent once.
 *
 * <p>Everything is owned by the store's loop, {@code zk-events}; ZooKeeper's own threads only post
 * to it.
 */
@NullMarked
package io.millrace.coordination.curator;

import org.jspecify.annotations.NullMarked;
