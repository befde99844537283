/**
 * Why partitions and brokers are as they are, in words and reasons of a fixed list ({@code
 * broker/EXPLAIN.md}).
 *
 * <p>{@link io.millrace.server.explain.WaitBoard} is where parts of the broker say what waits and
 * for what, any thread; the rest are pure functions of what is known at one moment. Depends on the
 * cluster's image, on readings of partitions and on the rules of replication; decides nothing.
 */
@NullMarked
package io.millrace.server.explain;

import org.jspecify.annotations.NullMarked;
