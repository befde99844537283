package io.millrace.server.config;

import io.millrace.coordination.topics.SettingCheck;
import java.util.List;
import java.util.Map;

/** Holds a topic's settings against the declared keys, and against its replicas; B62, B63. */
public final class TopicSettingCheck implements SettingCheck {
  /** What a request needs beside the largest batch that it carries. */
  private static final int REQUEST_OVERHEAD_BYTES = 32 << 10;

  private final TopicDefaults defaults;
  private final int requestMaxBytes;

  /**
   * @param requestMaxBytes of this broker: a record that fits into no request could not be sent
   */
  public TopicSettingCheck(TopicDefaults defaults, int requestMaxBytes) {
    this.defaults = defaults;
    this.requestMaxBytes = requestMaxBytes;
  }

  @Override
  public List<String> faults(Map<String, String> settings, int replicationFactor) {
    TopicSettings.Outcome outcome = TopicSettings.check(settings, replicationFactor, defaults);
    if (outcome instanceof TopicSettings.Outcome.Refused refused) {
      return refused.problems().stream().map(SettingProblem::message).toList();
    }
    TopicSettings topic = ((TopicSettings.Outcome.Checked) outcome).settings();
    if (topic.minInSync() > replicationFactor) {
      return List.of(
          TopicKeys.MIN_IN_SYNC.name()
              + "="
              + topic.minInSync()
              + " is more than the topic's "
              + replicationFactor
              + " replicas: no producer could ever write; allowed: 1 to "
              + replicationFactor);
    }
    if (topic.batchMaxBytes() + REQUEST_OVERHEAD_BYTES > requestMaxBytes) {
      return List.of(
          TopicKeys.RECORD_MAX_BYTES.name()
              + "="
              + topic.recordMaxBytes()
              + " does not fit into a request, which "
              + BrokerKeys.REQUEST_MAX_BYTES.name()
              + " bounds to "
              + requestMaxBytes
              + " bytes on this broker");
    }
    return List.of();
  }
}
