package io.millrace.storage.compaction;

/**
 * How a log keeps the latest record of each key.
 *
 * @param isOn whether it does at all
 * @param minLagMillis what was appended later is left alone
 * @param maxLagMillis what was appended longer ago is compacted whatever the ratio; {@link #NEVER}
 * @param dirtyRatio a pass is worth it once so much of the bytes that it would read have not been
 *     compacted before, 0 to 1
 * @param deleteRetentionMillis a tombstone stays so long after the first pass that saw it
 */
public record CompactionConfig(
    boolean isOn,
    long minLagMillis,
    long maxLagMillis,
    double dirtyRatio,
    long deleteRetentionMillis) {
  /** As a maximal lag: the ratio alone decides. */
  public static final long NEVER = -1;

  private static final long DAY_MILLIS = 24L * 60 * 60 * 1000;

  /** Nothing is compacted. */
  public static final CompactionConfig OFF = new CompactionConfig(false, 0, NEVER, 0.5, DAY_MILLIS);

  public static final CompactionConfig DEFAULT =
      new CompactionConfig(true, 0, NEVER, 0.5, DAY_MILLIS);

  public CompactionConfig {
    if (minLagMillis < 0 || maxLagMillis < NEVER || deleteRetentionMillis < 0) {
      throw new IllegalArgumentException("a lag or a retention is negative");
    }
    if (!(dirtyRatio >= 0 && dirtyRatio <= 1)) {
      throw new IllegalArgumentException("the dirty ratio " + dirtyRatio + " is not 0 to 1");
    }
  }
}
