package io.millrace.client;

import java.util.OptionalLong;

/**
 * The answer to an {@link OffsetSpec}.
 *
 * @param offset absent: no record is at or after the time asked for
 * @param timestamp of the record at that offset where a time was asked for, milliseconds since the
 *     epoch, UTC
 */
public record ListedOffset(OptionalLong offset, OptionalLong timestamp, int leaderEpoch) {}
