package io.millrace.server.config;

import io.millrace.coordination.topics.SettingCheck;
import java.util.List;
import java.util.Map;

/** Holds a new topic's settings against the declared keys, and against its replicas; B62, B63. */
public final class TopicSettingCheck implements SettingCheck {
  @Override
  public List<String> faults(Map<String, String> settings, int replicationFactor) {
    TopicSettings.Outcome outcome = TopicSettings.check(settings);
    if (outcome instanceof TopicSettings.Outcome.Refused refused) {
      return refused.problems().stream().map(SettingProblem::message).toList();
    }
    int minInSync = ((TopicSettings.Outcome.Checked) outcome).settings().minInSync();
    return minInSync <= replicationFactor
        ? List.of()
        : List.of(
            TopicKeys.MIN_IN_SYNC.name()
                + "="
                + minInSync
                + " is more than the topic's "
                + replicationFactor
                + " replicas: no producer could ever write");
  }
}
