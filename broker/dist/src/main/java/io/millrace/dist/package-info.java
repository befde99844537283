/**
 * The program {@code millrace}: the client commands of {@code io.millrace.cli} and those that need
 * a broker or a ZooKeeper server in this process.
 *
 * <p>This package is where the seams get their production implementations, and the only main code
 * besides {@code io.millrace.cli} that opens files an operator names. Commands run on the main
 * thread; a signal arrives on the JVM's shutdown thread, see {@link io.millrace.dist.StopSignal}.
 */
@NullMarked
package io.millrace.dist;

import org.jspecify.annotations.NullMarked;
