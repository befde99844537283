/**
 * The files seam: all that main code may do to a disk.
 *
 * <p>{@link io.millrace.storage.files.Disk} and {@link io.millrace.storage.files.DiskFile} are
 * implemented by {@link io.millrace.storage.files.NioDisk} here and by {@code MemoryDisk} in this
 * module's test jar, which loses what was not synced, tears writes and fails on demand; both pass
 * the same contract tests. Nothing else in the product opens a file.
 *
 * <p>No thread of its own; each method says which threads may call it. Depends on nothing of ours
 * but {@link io.millrace.rpc.FileSlice}.
 */
@NullMarked
package io.millrace.storage.files;

import org.jspecify.annotations.NullMarked;
