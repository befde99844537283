package io.millrace.storage.compaction;

import java.util.ArrayList;
import java.util.List;

/** Whether a log is to be compacted now, and how far. Decides; does nothing. */
public final class CompactionPlan {
  /** {@link Closed#lastAppendMillis} of a segment that nobody has looked into. */
  public static final long UNKNOWN = -1;

  private CompactionPlan() {}

  /** A segment that takes no more. */
  public record Closed(long baseOffset, long endOffset, long sizeBytes, long lastAppendMillis) {}

  /**
   * A log.
   *
   * @param closed ascending
   * @param cleanedTo all before it has been compacted
   * @param limitOffset what is not committed, or not forced, is left alone
   * @param nextHorizonMillis when the first tombstone may go; {@link Long#MAX_VALUE} for none
   * @param isRequested somebody has asked: no ratio and no lag counts
   */
  public record Candidate(
      List<Closed> closed,
      long cleanedTo,
      long limitOffset,
      CompactionConfig config,
      long nextHorizonMillis,
      boolean isRequested) {}

  /** What there is to be done. */
  public sealed interface Decision {
    record Leave() implements Decision {}

    /**
     * @param from first offset whose keys are to be read
     * @param to segments that end at or before it may be written anew
     * @param ratio of what has not been compacted before
     * @param isDue goes before any ratio
     */
    record Compact(long from, long to, double ratio, boolean isDue) implements Decision {}
  }

  /** Whether the worker has to look into segments before {@link #decide} can tell. */
  public static boolean needsTimes(CompactionConfig config) {
    return config.minLagMillis() > 0 || config.maxLagMillis() != CompactionConfig.NEVER;
  }

  public static Decision decide(Candidate log, long nowMillis) {
    CompactionConfig config = log.config();
    List<Closed> old = new ArrayList<>();
    for (Closed segment : log.closed()) {
      boolean isYoung =
          !log.isRequested() && segment.lastAppendMillis() > nowMillis - config.minLagMillis();
      if (segment.endOffset() > log.limitOffset() || isYoung) {
        break; // what comes later may not count before what comes earlier
      }
      old.add(segment);
    }
    if (!config.isOn() || old.isEmpty()) {
      return new Decision.Leave();
    }
    long totalBytes = 0;
    long dirtyBytes = 0;
    boolean isLate = false;
    for (Closed segment : old) {
      totalBytes += segment.sizeBytes();
      if (segment.endOffset() > log.cleanedTo()) {
        dirtyBytes += segment.sizeBytes();
        isLate |= isLate(segment, config, nowMillis);
      }
    }
    double ratio = totalBytes == 0 ? 0 : dirtyBytes / (double) totalBytes;
    boolean isDue =
        (dirtyBytes > 0 && (log.isRequested() || isLate)) || log.nextHorizonMillis() <= nowMillis;
    if (!isDue && (dirtyBytes == 0 || ratio < config.dirtyRatio())) {
      return new Decision.Leave();
    }
    long to = old.get(old.size() - 1).endOffset();
    return new Decision.Compact(
        Math.min(to, Math.max(log.cleanedTo(), old.get(0).baseOffset())), to, ratio, isDue);
  }

  /** Half of the lag is for the segment that is still being written ({@link #segmentAgeMillis}). */
  private static boolean isLate(Closed segment, CompactionConfig config, long nowMillis) {
    return config.maxLagMillis() != CompactionConfig.NEVER
        && segment.lastAppendMillis() != UNKNOWN
        && nowMillis - segment.lastAppendMillis() >= config.maxLagMillis() / 2;
  }

  /** How old a segment may get that is still being written, so that the maximal lag can hold. */
  public static long segmentAgeMillis(CompactionConfig config, long wantedMillis) {
    return config.isOn() && config.maxLagMillis() != CompactionConfig.NEVER
        ? Math.max(1, Math.min(wantedMillis, config.maxLagMillis() / 2))
        : wantedMillis;
  }
}
