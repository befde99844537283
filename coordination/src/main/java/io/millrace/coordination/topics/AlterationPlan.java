package io.millrace.coordination.topics;

import io.millrace.coordination.topics.AlterOutcome.Invalid;
import io.millrace.coordination.topics.AlterOutcome.Invalid.Reason;
import io.millrace.coordination.v1.TopicNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What a request makes of a topic's node. Free of side effects. */
sealed interface AlterationPlan {
  /** It is like that already. */
  record Nothing() implements AlterationPlan {}

  /**
   * @param next the topic's node as it will be
   * @param changes for people, one line
   */
  record Change(TopicNode next, String changes) implements AlterationPlan {}

  record Refuse(Invalid why) implements AlterationPlan {}

  /** What is wrong with the request whatever the topic is like; null when nothing is. */
  static @Nullable Invalid fault(AlterationRequest wanted) {
    boolean isOfTopic =
        !wanted.set().isEmpty() || !wanted.unset().isEmpty() || wanted.partitions().isPresent();
    if (!isOfTopic && wanted.replicas().isEmpty()) {
      return new Invalid(Reason.REQUEST, "nothing to alter is named");
    }
    if (isOfTopic && wanted.replicas().isPresent()) {
      return new Invalid(
          Reason.REQUEST, "replicas are added by a request of their own, without other changes");
    }
    if (wanted.replicas().orElse(1) < 1) {
      return new Invalid(Reason.REPLICAS, wanted.replicas().getAsInt() + " replicas are below 1");
    }
    TreeSet<String> both = new TreeSet<>(wanted.set().keySet());
    both.retainAll(wanted.unset());
    if (!both.isEmpty()) {
      return new Invalid(Reason.REQUEST, both.first() + " is both set and unset");
    }
    int partitions = wanted.partitions().orElse(1);
    if (partitions < 1 || partitions > TopicCreation.MAX_PARTITIONS) {
      return new Invalid(
          Reason.PARTITIONS,
          partitions + " partitions are outside 1 to " + TopicCreation.MAX_PARTITIONS);
    }
    return null;
  }

  static AlterationPlan decide(
      TopicNode current, AlterationRequest wanted, SettingCheck settingCheck) {
    int count = wanted.partitions().orElse(current.getPartitions());
    if (count < current.getPartitions()) {
      return new Refuse(
          new Invalid(
              Reason.PARTITIONS,
              "the topic has "
                  + current.getPartitions()
                  + " partitions and cannot have "
                  + count
                  + ": records would be lost. Partitions can only be added"));
    }
    Map<String, String> settings = new TreeMap<>(current.getSettingsMap());
    settings.keySet().removeAll(wanted.unset());
    settings.putAll(wanted.set());
    TopicNode next =
        current.toBuilder().setPartitions(count).clearSettings().putAllSettings(settings).build();
    if (next.equals(current)) {
      return new Nothing();
    }
    List<String> faults = settingCheck.faults(settings, current.getReplicationFactor());
    return faults.isEmpty()
        ? new Change(next, changes(current, next))
        : new Refuse(new Invalid(Reason.SETTING, String.join("; ", faults)));
  }

  /** Whether a topic is as the request wants it, whoever made it so. */
  static boolean isMet(AlterationRequest wanted, TopicNode topic) {
    return topic.getSettingsMap().entrySet().containsAll(wanted.set().entrySet())
        && wanted.unset().stream().noneMatch(topic.getSettingsMap()::containsKey)
        && topic.getPartitions() >= wanted.partitions().orElse(0);
  }

  private static String changes(TopicNode before, TopicNode after) {
    List<String> changes = new ArrayList<>();
    TreeSet<String> keys = new TreeSet<>(before.getSettingsMap().keySet());
    keys.addAll(after.getSettingsMap().keySet());
    for (String key : keys) {
      String was = before.getSettingsOrDefault(key, "the default");
      String is = after.getSettingsOrDefault(key, "the default");
      if (!was.equals(is)) {
        changes.add(key + " is " + is + ", was " + was);
      }
    }
    if (after.getPartitions() > before.getPartitions()) {
      changes.add(
          after.getPartitions()
              + " partitions, were "
              + before.getPartitions()
              + "; keys now go to other partitions than they went to");
    }
    return String.join("; ", changes);
  }
}
