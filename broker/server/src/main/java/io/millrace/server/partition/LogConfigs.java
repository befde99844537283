package io.millrace.server.partition;

import io.millrace.server.config.LogSettings;
import io.millrace.storage.log.LogConfig;

/**
 * From a topic's settings to how its logs are kept.
 *
 * @param flushIntervalMillis of the broker
 */
record LogConfigs(long flushIntervalMillis) {
  LogConfig of(LogSettings topic) {
    LogConfig usual = LogConfig.DEFAULT;
    return new LogConfig(
        topic.segmentBytes(),
        topic.segmentMillis(),
        usual.indexIntervalBytes(),
        flushIntervalMillis,
        usual.flushBytes(),
        topic.retentionMillis(),
        topic.retentionBytes());
  }
}
