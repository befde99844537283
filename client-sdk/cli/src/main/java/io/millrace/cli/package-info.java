/**
 * The commands that work on a cluster from outside: topics, records, the state of the cluster.
 *
 * <p>A command is a picocli object that gets everything it touches handed in as {@link
 * io.millrace.cli.Surroundings}: streams, environment, clock and the way to a client. It runs on
 * the main thread, reaches the cluster through the client library alone, writes results to the
 * output and everything else to the error stream, and ends in a number of {@link
 * io.millrace.cli.ExitCode}. The commands that need a broker live in {@code io.millrace.dist},
 * which adds them to the {@link io.millrace.cli.MillraceCommand} of this package.
 *
 * <p>This package opens standard input and the files a user names; it starts no thread and reads no
 * clock of its own.
 */
@NullMarked
package io.millrace.cli;

import org.jspecify.annotations.NullMarked;
