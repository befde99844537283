package io.millrace.server.config;

/**
 * How a topic's logs are kept.
 *
 * @param segmentMillis a segment is closed that is older
 * @param retentionMillis -1: for ever
 * @param retentionBytes of one partition; -1: without limit
 */
public record LogSettings(
    int segmentBytes,
    long segmentMillis,
    long retentionMillis,
    long retentionBytes,
    CompactionSettings compaction) {
  /** Without compaction. */
  public LogSettings(
      int segmentBytes, long segmentMillis, long retentionMillis, long retentionBytes) {
    this(segmentBytes, segmentMillis, retentionMillis, retentionBytes, CompactionSettings.NONE);
  }
}
