/**
 * The transport over TCP, on Netty: epoll where there is one, NIO elsewhere.
 *
 * <p>The only package of the product that sees Netty, and none of its types leave it: what comes in
 * goes up as {@link io.millrace.rpc.ReceivedBytes} over the same memory. Everything but {@link
 * io.millrace.rpc.netty.NettyTransport}'s entrances runs on the loops it owns.
 */
@NullMarked
package io.millrace.rpc.netty;

import org.jspecify.annotations.NullMarked;
