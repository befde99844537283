package io.millrace.server.coordinator;

import io.millrace.server.partition.PartitionId;
import java.util.OptionalLong;

/**
 * Where somebody reads.
 *
 * @param offset the next to be read; empty: only the partition's bounds are wanted
 */
public record ReaderAt(PartitionId id, OptionalLong offset) {}
