package io.millrace.server.partition;

import io.millrace.server.config.CompactionSettings;
import io.millrace.server.config.LogSettings;
import io.millrace.storage.compaction.CompactionConfig;
import io.millrace.storage.compaction.CompactionPlan;
import io.millrace.storage.log.LogConfig;

/**
 * From a topic's settings to how its logs are kept.
 *
 * @param flushIntervalMillis of the broker
 */
record LogConfigs(long flushIntervalMillis) {
  LogConfig of(LogSettings topic) {
    LogConfig usual = LogConfig.DEFAULT;
    CompactionConfig compaction = of(topic.compaction());
    boolean deletes = topic.compaction().cleanup().deletes();
    return new LogConfig(
        topic.segmentBytes(),
        CompactionPlan.segmentAgeMillis(compaction, topic.segmentMillis()),
        usual.indexIntervalBytes(),
        flushIntervalMillis,
        usual.flushBytes(),
        deletes ? topic.retentionMillis() : LogConfig.FOR_EVER,
        deletes ? topic.retentionBytes() : LogConfig.FOR_EVER,
        compaction);
  }

  private static CompactionConfig of(CompactionSettings topic) {
    return new CompactionConfig(
        topic.cleanup().compacts(),
        topic.minLagMillis(),
        topic.maxLagMillis(),
        topic.dirtyPercent() / 100.0,
        topic.deleteRetentionMillis());
  }
}
