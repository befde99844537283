/**
 * A broker put together: start, membership, stop, and the end when it cannot go on.
 *
 * <p>{@link io.millrace.server.broker.Broker} is the composition root and the only class other
 * modules start from. It is given the seams, so that the same code runs on real threads and sockets
 * and in a simulation. Nothing in here blocks a caller: starting and stopping are stages that
 * complete. Knows every part; no other package of this module may depend on it.
 */
@NullMarked
package io.millrace.server.broker;

import org.jspecify.annotations.NullMarked;
