package io.millrace.storage.directory;

/**
 * How a log ended when it was closed cleanly: enough to go on without reading it.
 *
 * @param endOffset the next offset to be written
 * @param epoch the last leader epoch in the log's history, -1 when it has none
 * @param segments files the log has: one that is missing later must not go unnoticed
 * @param segmentBase base offset of the active segment
 * @param segmentSizeBytes of the active segment's file
 * @param maxTimestamp latest record time in the active segment, -1 when it is empty
 * @param producers offset of the file that says all that was known of producers at the end; {@link
 *     #NO_PRODUCERS} when that was nothing
 */
public record LogEnd(
    long endOffset,
    int epoch,
    int segments,
    long segmentBase,
    long segmentSizeBytes,
    long maxTimestamp,
    long producers) {
  public static final long NO_PRODUCERS = -1;

  public LogEnd {
    if (segments < 1
        || segmentBase < 0
        || endOffset < segmentBase
        || epoch < -1
        || segmentSizeBytes < 0
        || producers < NO_PRODUCERS
        || (producers != NO_PRODUCERS && producers != endOffset)) {
      throw new IllegalArgumentException(
          "no log ends like this: " + endOffset + ", " + epoch + ", " + segmentBase);
    }
  }
}
