package io.millrace.storage.log;

/**
 * A segment as it stands on disk.
 *
 * @param maxTimestamp {@link Segment#NO_TIMESTAMP} when it is empty or nobody has looked
 * @param lastAppendMillis likewise
 */
record FoundSegment(
    long baseOffset, int sizeBytes, long endOffset, long maxTimestamp, long lastAppendMillis) {}
