package io.millrace.server.group;

import io.millrace.server.group.AssignmentInput.TopicShape;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The topics of the cluster, as groups have to know them. */
public interface TopicDirectory {
  /**
   * @param topicId a topic made anew under the same name has another one
   */
  record Topic(String topicId, TopicShape shape) {}

  /** Empty: there is none of that name. */
  Optional<Topic> find(String name);

  /** Names of all topics that a pattern may stand for: the brokers' own are not among them. */
  Set<String> names();

  /** Of topics that stand still. */
  static TopicDirectory of(Map<String, Topic> topics) {
    return new TopicDirectory() {
      @Override
      public Optional<Topic> find(String name) {
        return Optional.ofNullable(topics.get(name));
      }

      @Override
      public Set<String> names() {
        return new TreeSet<>(topics.keySet());
      }
    };
  }
}
