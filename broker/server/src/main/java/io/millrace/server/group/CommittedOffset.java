package io.millrace.server.group;

/**
 * How far a group has come in a partition.
 *
 * @param offset the next to be read
 * @param leaderEpoch of the last record read; -1 when the committer did not say
 * @param commitMillis when, by the coordinator's clock, since the epoch
 * @param metadata the committer's own words
 */
public record CommittedOffset(long offset, int leaderEpoch, long commitMillis, String metadata) {}
