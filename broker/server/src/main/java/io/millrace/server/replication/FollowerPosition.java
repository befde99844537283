package io.millrace.server.replication;

/** Until the partition has one. */
public record FollowerPosition(
    long offset, int lastEpoch, long flushedOffset, long highWatermark) {}
