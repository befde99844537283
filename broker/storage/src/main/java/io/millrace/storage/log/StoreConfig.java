package io.millrace.storage.log;

import io.millrace.storage.compaction.CompactionPace;

/**
 * What concerns all logs of a data directory.
 *
 * @param maxOpenFiles segment files kept open that nobody writes to or sends from
 * @param checkpointIntervalMillis how often recovery points are written down, if any moved: bounds
 *     what is read again after a crash
 * @param retentionIntervalMillis how often each log is looked at for segments that may go
 * @param removalDelayMillis how long a segment that has gone is kept under another name before its
 *     file is deleted
 * @param hotBytes the last so many bytes that all logs together have taken count as being in memory
 * @param scrubIntervalMillis in which everything is read again once, to find damage; 0: never
 * @param compaction how much compaction may take
 */
public record StoreConfig(
    int maxOpenFiles,
    long checkpointIntervalMillis,
    long retentionIntervalMillis,
    long removalDelayMillis,
    long hotBytes,
    long scrubIntervalMillis,
    CompactionPace compaction) {
  public static final StoreConfig DEFAULT = new StoreConfig(2_000, 5_000);

  public StoreConfig {
    if (maxOpenFiles < 1 || checkpointIntervalMillis < 1 || retentionIntervalMillis < 1) {
      throw new IllegalArgumentException("intervals and the number of files are at least 1");
    }
    if (removalDelayMillis < 0 || hotBytes < 0 || scrubIntervalMillis < 0) {
      throw new IllegalArgumentException("delays and sizes are not negative");
    }
  }

  /** With the usual care for what has gone; nothing is read again. */
  public StoreConfig(int maxOpenFiles, long checkpointIntervalMillis) {
    this(
        maxOpenFiles,
        checkpointIntervalMillis,
        10_000,
        60_000,
        512L << 20,
        0,
        CompactionPace.DEFAULT);
  }

  public StoreConfig withRetentionIntervalMillis(long millis) {
    return new StoreConfig(
        maxOpenFiles,
        checkpointIntervalMillis,
        millis,
        removalDelayMillis,
        hotBytes,
        scrubIntervalMillis,
        compaction);
  }

  public StoreConfig withHotBytes(long bytes) {
    return new StoreConfig(
        maxOpenFiles,
        checkpointIntervalMillis,
        retentionIntervalMillis,
        removalDelayMillis,
        bytes,
        scrubIntervalMillis,
        compaction);
  }

  public StoreConfig withScrubIntervalMillis(long millis) {
    return new StoreConfig(
        maxOpenFiles,
        checkpointIntervalMillis,
        retentionIntervalMillis,
        removalDelayMillis,
        hotBytes,
        millis,
        compaction);
  }

  public StoreConfig withCompaction(CompactionPace pace) {
    return new StoreConfig(
        maxOpenFiles,
        checkpointIntervalMillis,
        retentionIntervalMillis,
        removalDelayMillis,
        hotBytes,
        scrubIntervalMillis,
        pace);
  }
}
