package io.millrace.checker.log;

/**
 * One batch as it stands in a segment.
 *
 * @param where file and position, for people
 * @param digest of all its bytes: the same for the same bytes only
 */
record StoredBatch(long baseOffset, long lastOffset, long epoch, String where, String digest) {}
