package io.millrace.server.config;

/**
 * How a topic's logs are compacted.
 *
 * @param maxLagMillis -1: no bound
 * @param dirtyPercent of the bytes of closed segments
 */
public record CompactionSettings(
    CleanupPolicy cleanup,
    long minLagMillis,
    long maxLagMillis,
    int dirtyPercent,
    long deleteRetentionMillis) {
  /** Nothing is compacted. */
  public static final CompactionSettings NONE =
      new CompactionSettings(CleanupPolicy.DELETE, 0, -1, 50, 86_400_000L);
}
