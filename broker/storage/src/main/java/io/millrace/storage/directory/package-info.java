/**
 * The data directory: its lock, its identity, what the last run left behind, and where things are.
 *
 * <p>{@link io.millrace.storage.directory.DataPaths} is the only class that builds a path. The
 * small files here are text that a person can read, with a checksum as the last line, and are
 * replaced atomically. Calls block on the disk and come from one thread at a time (start, stop,
 * housekeeping), never from a loop. Knows nothing of segments; may depend on {@code files}.
 */
@NullMarked
package io.millrace.storage.directory;

import org.jspecify.annotations.NullMarked;
