package io.millrace.storage.compaction;

/**
 * How much compaction may take of a broker.
 *
 * @param intervalMillis how often the logs are looked at; while there is work, the next pass
 *     follows the one before
 * @param memoryBytes of the map of keys, of which there is one at a time; a pass ends where it is
 *     full, and the next goes on there
 * @param bytesPerSecond that are read, at most
 */
public record CompactionPace(long intervalMillis, long memoryBytes, long bytesPerSecond) {
  public static final CompactionPace DEFAULT = new CompactionPace(10_000, 32L << 20, 64L << 20);

  public CompactionPace {
    if (intervalMillis < 1 || memoryBytes < 1 || bytesPerSecond < 1) {
      throw new IllegalArgumentException("an interval, a size or a rate is not at least 1");
    }
  }
}
