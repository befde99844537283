package io.millrace.storage.log;

/**
 * What concerns all logs of a data directory.
 *
 * @param maxOpenFiles segment files kept open that nobody writes to or sends from
 * @param checkpointIntervalMillis how often recovery points are written down, if any moved: bounds
 *     what is read again after a crash
 */
public record StoreConfig(int maxOpenFiles, long checkpointIntervalMillis) {
  public static final StoreConfig DEFAULT = new StoreConfig(2_000, 5_000);

  public StoreConfig {
    if (maxOpenFiles < 1 || checkpointIntervalMillis < 1) {
      throw new IllegalArgumentException("both are at least 1");
    }
  }
}
