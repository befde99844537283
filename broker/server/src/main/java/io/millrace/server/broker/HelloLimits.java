package io.millrace.server.broker;

import io.millrace.server.config.RequestSettings;
import io.millrace.server.config.TopicDefaults;
import io.millrace.server.config.TopicSettings;
import io.millrace.wire.v1.Limits;
import java.util.Map;

/** What a client is told of this broker's bounds. */
final class HelloLimits {
  private HelloLimits() {}

  /** Those on batches and records are the usual ones; a topic's settings may raise them. */
  static Limits of(RequestSettings requests, TopicDefaults topics) {
    TopicSettings usual = TopicSettings.understood(Map.of(), 1, topics);
    return Listeners.bounds(requests)
        .limits()
        .setMaxBatchSize(usual.batchMaxBytes())
        .setMaxRecordSize(usual.recordMaxBytes())
        .setMaxPartitionsPerRequest(requests.maxPartitions())
        .build();
  }
}
