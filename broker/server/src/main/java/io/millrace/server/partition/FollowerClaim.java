package io.millrace.server.partition;

/**
 * What a fetching replica says of itself. Whether that broker may say so in this incarnation has
 * been decided before, by the handler.
 *
 * @param flushedOffset everything below is on its disk
 * @param highWatermark that it knows: a higher one is told without waiting
 */
public record FollowerClaim(
    int brokerId, int incarnation, long flushedOffset, long highWatermark) {}
