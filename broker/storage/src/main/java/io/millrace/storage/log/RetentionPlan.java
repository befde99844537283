package io.millrace.storage.log;

import java.util.List;

/**
 * Which of a log's closed segments may go. A decision only: no side effects, any thread.
 *
 * <p>Whole segments, oldest first, nothing at or above the high watermark. By size: the oldest goes
 * while what stays still has the limit. By time: it goes when its latest batch was appended longer
 * ago than the limit; the clocks of producers have no say.
 */
final class RetentionPlan {
  /** As a segment's append time: nobody has looked. */
  static final long UNKNOWN = -1;

  private RetentionPlan() {}

  /**
   * One closed segment.
   *
   * @param lastAppendMillis latest append time in it, or {@link #UNKNOWN}
   */
  record Closed(long endOffset, long sizeBytes, long lastAppendMillis) {}

  /** What to do. */
  sealed interface Decision {
    record KeepAll() implements Decision {}

    /** The oldest segments must be looked into first: their times are not known. */
    record Look() implements Decision {}

    /**
     * The first {@code bySize + byTime} segments go, in whatever order of reasons.
     *
     * @param startOffset where the log begins then
     */
    record Remove(int bySize, int byTime, long startOffset) implements Decision {
      int count() {
        return bySize + byTime;
      }
    }
  }

  /**
   * Decides.
   *
   * @param closed oldest first
   * @param totalBytes of all segments, the active one included
   */
  static Decision decide(
      List<Closed> closed, long totalBytes, LogConfig config, long highWatermark, long nowMillis) {
    int bySize = 0;
    int byTime = 0;
    long startOffset = 0;
    long left = totalBytes;
    for (int i = 0; i < closed.size(); i++) {
      Closed segment = closed.get(i);
      if (segment.endOffset() > highWatermark) {
        break;
      }
      if (isTooMuch(left - segment.sizeBytes(), config)) {
        bySize++;
      } else if (config.retentionMillis() == LogConfig.FOR_EVER) {
        break;
      } else if (segment.lastAppendMillis() == UNKNOWN) {
        if (i == 0) {
          return new Decision.Look();
        }
        break; // what is known to go, goes; the next look begins here
      } else if (isTooOld(segment.lastAppendMillis(), config, nowMillis)) {
        byTime++;
      } else {
        break;
      }
      left -= segment.sizeBytes();
      startOffset = segment.endOffset();
    }
    return bySize + byTime == 0
        ? new Decision.KeepAll()
        : new Decision.Remove(bySize, byTime, startOffset);
  }

  private static boolean isTooMuch(long bytesWithout, LogConfig config) {
    return config.retentionBytes() != LogConfig.FOR_EVER && bytesWithout >= config.retentionBytes();
  }

  /** Whether a batch appended then may go by its age. */
  static boolean isTooOld(long appendMillis, LogConfig config, long nowMillis) {
    return config.retentionMillis() != LogConfig.FOR_EVER
        && nowMillis - appendMillis > config.retentionMillis();
  }
}
