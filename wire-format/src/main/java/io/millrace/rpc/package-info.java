/**
 * Connections between clients and brokers, and the seams they stand on.
 *
 * <p>Two of the four seams of the product are here: the transport ({@link
 * io.millrace.rpc.Transport}, {@link io.millrace.rpc.Link}) and time, tasks and randomness ({@link
 * io.millrace.rpc.Tasks}, {@link io.millrace.rpc.EventLoop}, {@link io.millrace.rpc.Clock}). Their
 * production implementations are the {@code netty} package and {@link io.millrace.rpc.SystemTasks};
 * their in-memory twins are in this module's test jar and pass the same contract tests.
 *
 * <p>Above the seams: correlation, deadlines, bounds on what is in flight, and back-pressure, for
 * the side that opens a connection and for the side that accepts it. This package knows frames and
 * message heads; it does not know what a topic or a partition is.
 *
 * <p>State of a connection belongs to its {@link io.millrace.rpc.EventLoop}. May depend on {@code
 * io.millrace.wire}; only the {@code netty} package may see Netty, and its types stay in there.
 */
@NullMarked
package io.millrace.rpc;

import org.jspecify.annotations.NullMarked;
