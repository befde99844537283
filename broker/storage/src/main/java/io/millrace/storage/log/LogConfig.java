package io.millrace.storage.log;

/**
 * How one log is kept.
 *
 * @param segmentBytes a segment that would grow beyond this is closed and a new one begun; a batch
 *     that is larger by itself gets a segment of its own
 * @param segmentAgeMillis a segment whose first batch is older is closed before the next append
 * @param indexIntervalBytes about so many bytes of log for each index entry
 * @param flushIntervalMillis what is written is forced after so long at the latest
 * @param flushBytes as soon as so much is written and not forced, it is forced: bounds what a dying
 *     process waits for, and what a power loss can take
 */
public record LogConfig(
    int segmentBytes,
    long segmentAgeMillis,
    int indexIntervalBytes,
    long flushIntervalMillis,
    long flushBytes) {
  private static final int MIN_SEGMENT_BYTES = 1024;

  /** Positions are ints, and the largest batch must fit behind the last one that fits. */
  private static final int MAX_SEGMENT_BYTES = Integer.MAX_VALUE - (128 << 20);

  public static final LogConfig DEFAULT =
      new LogConfig(1 << 30, 7L * 24 * 60 * 60 * 1000, 4096, 1000, 64L << 20);

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
  }

  public LogConfig withSegmentBytes(int bytes) {
    return new LogConfig(
        bytes, segmentAgeMillis, indexIntervalBytes, flushIntervalMillis, flushBytes);
  }

  public LogConfig withSegmentAgeMillis(long millis) {
    return new LogConfig(segmentBytes, millis, indexIntervalBytes, flushIntervalMillis, flushBytes);
  }
}
