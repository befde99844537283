package io.millrace.storage.log;

/**
 * A record found by time.
 *
 * @param timestampMillis of that record
 * @param leaderEpoch in which it was written
 */
public record TimedOffset(long offset, long timestampMillis, int leaderEpoch) {}
