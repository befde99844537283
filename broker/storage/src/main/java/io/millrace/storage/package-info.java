/**
 * A broker's disk: segments, indexes, recovery, and the files beside them.
 *
 * <p>{@code STORAGE.md} has the layout and, for every mutation, what a crash in the middle of it
 * leaves behind. Sub-packages: {@code files} is the seam to the disk, {@code directory} the data
 * directory and its own small files, {@code log} a partition's log and the tools that look at one
 * offline. This module knows bytes, offsets and epochs; it does not know roles, replicas or
 * requests. It may depend on {@code io.millrace.wire} and the seams of {@code io.millrace.rpc}.
 */
@NullMarked
package io.millrace.storage;

import org.jspecify.annotations.NullMarked;
