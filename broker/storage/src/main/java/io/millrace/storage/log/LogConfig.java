package io.millrace.storage.log;

import io.millrace.storage.compaction.CompactionConfig;

/**
 * How one log is kept.
 *
 * @param segmentBytes a segment that would grow beyond this is closed and a new one begun; a batch
 *     that is larger by itself gets a segment of its own
 * @param segmentAgeMillis a segment whose first batch is older is closed before the next append, or
 *     by the next look at retention
 * @param indexIntervalBytes about so many bytes of log for each index entry
 * @param flushIntervalMillis what is written is forced after so long at the latest
 * @param flushBytes as soon as so much is written and not forced, it is forced: bounds what a dying
 *     process waits for, and what a power loss can take
 * @param retentionMillis closed segments all of whose batches were appended longer ago may go;
 *     {@link #FOR_EVER}: none by age
 * @param retentionBytes the oldest closed segment may go while what is left has at least so many
 *     bytes; {@link #FOR_EVER}: none by size
 * @param compaction whether, and how, only the latest record of each key is kept
 */
public record LogConfig(
    int segmentBytes,
    long segmentAgeMillis,
    int indexIntervalBytes,
    long flushIntervalMillis,
    long flushBytes,
    long retentionMillis,
    long retentionBytes,
    CompactionConfig compaction) {
  /** As a retention: nothing goes by itself. */
  public static final long FOR_EVER = -1;

  private static final int MIN_SEGMENT_BYTES = 1024;

  /** Positions are ints, and the largest batch must fit behind the last one that fits. */
  private static final int MAX_SEGMENT_BYTES = Integer.MAX_VALUE - (128 << 20);

  private static final long WEEK_MILLIS = 7L * 24 * 60 * 60 * 1000;

  public static final LogConfig DEFAULT =
      new LogConfig(1 << 30, WEEK_MILLIS, 4096, 1000, 64L << 20, WEEK_MILLIS, FOR_EVER);

  public LogConfig {
    if (segmentBytes < MIN_SEGMENT_BYTES || segmentBytes > MAX_SEGMENT_BYTES) {
      throw new IllegalArgumentException(
          "segmentBytes " + segmentBytes + " is outside 1024 to " + MAX_SEGMENT_BYTES);
    }
    if (segmentAgeMillis < 1
        || indexIntervalBytes < 1
        || flushIntervalMillis < 1
        || flushBytes < 1) {
      throw new IllegalArgumentException("ages, intervals and sizes are at least 1");
    }
    if (retentionMillis < FOR_EVER || retentionBytes < FOR_EVER) {
      throw new IllegalArgumentException(
          "retention is -1, for ever, or not negative: " + retentionMillis + ", " + retentionBytes);
    }
  }

  /** Without compaction. */
  public LogConfig(
      int segmentBytes,
      long segmentAgeMillis,
      int indexIntervalBytes,
      long flushIntervalMillis,
      long flushBytes,
      long retentionMillis,
      long retentionBytes) {
    this(
        segmentBytes,
        segmentAgeMillis,
        indexIntervalBytes,
        flushIntervalMillis,
        flushBytes,
        retentionMillis,
        retentionBytes,
        CompactionConfig.OFF);
  }

  /** With everything retained for ever. */
  public LogConfig(
      int segmentBytes,
      long segmentAgeMillis,
      int indexIntervalBytes,
      long flushIntervalMillis,
      long flushBytes) {
    this(
        segmentBytes,
        segmentAgeMillis,
        indexIntervalBytes,
        flushIntervalMillis,
        flushBytes,
        FOR_EVER,
        FOR_EVER);
  }

  public LogConfig withSegmentBytes(int bytes) {
    return new LogConfig(
        bytes,
        segmentAgeMillis,
        indexIntervalBytes,
        flushIntervalMillis,
        flushBytes,
        retentionMillis,
        retentionBytes,
        compaction);
  }

  public LogConfig withSegmentAgeMillis(long millis) {
    return new LogConfig(
        segmentBytes,
        millis,
        indexIntervalBytes,
        flushIntervalMillis,
        flushBytes,
        retentionMillis,
        retentionBytes,
        compaction);
  }

  public LogConfig withFlush(long intervalMillis, long bytes) {
    return new LogConfig(
        segmentBytes,
        segmentAgeMillis,
        indexIntervalBytes,
        intervalMillis,
        bytes,
        retentionMillis,
        retentionBytes,
        compaction);
  }

  /** Either may be {@link #FOR_EVER}. */
  public LogConfig withRetention(long millis, long bytes) {
    return new LogConfig(
        segmentBytes,
        segmentAgeMillis,
        indexIntervalBytes,
        flushIntervalMillis,
        flushBytes,
        millis,
        bytes,
        compaction);
  }

  public LogConfig withCompaction(CompactionConfig config) {
    return new LogConfig(
        segmentBytes,
        segmentAgeMillis,
        indexIntervalBytes,
        flushIntervalMillis,
        flushBytes,
        retentionMillis,
        retentionBytes,
        config);
  }
}
