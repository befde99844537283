package io.millrace.server.partition;

/**
 * How far a replica has come, for who compares several of them.
 *
 * @param lastEpoch of its last record, -1 when it has none
 * @param endOffset next offset to be written
 * @param flushedOffset everything below is on its disk
 */
public record ReplicaEndReading(int lastEpoch, long endOffset, long flushedOffset) {}
