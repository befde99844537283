/**
 * What compaction decides, without a disk: which record is the latest of its key, which records a
 * batch keeps, how far a pass goes, and which log is next.
 *
 * <p>Owned by whoever makes them, in practice the housekeeping worker. The files are {@code
 * io.millrace.storage.log}'s.
 */
@NullMarked
package io.millrace.storage.compaction;

import org.jspecify.annotations.NullMarked;
