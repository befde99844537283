package io.millrace.client;

/**
 * A record found by time.
 *
 * @param timestamp the record's, milliseconds since the epoch, UTC
 */
public record OffsetAndTimestamp(long offset, long timestamp, int leaderEpoch) {}
