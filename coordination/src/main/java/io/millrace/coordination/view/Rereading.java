package io.millrace.coordination.view;

import io.millrace.coordination.store.ZnodePaths;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What has to be read again. Events only add to it, so that a storm of them about one node comes to
 * one reading: B80. Owner: the store's loop.
 */
final class Rereading {
  private static final Pattern BROKER = Pattern.compile("/brokers/live/(0|[1-9][0-9]{0,8})");
  private static final Pattern TOPIC = Pattern.compile("/topics/([^/]+)");
  private static final Pattern BELOW_TOPIC = Pattern.compile("/topics/[^/]+/.*");
  private static final Pattern TOPIC_PARTITIONS = Pattern.compile("/partitions/([^/]+)");
  private static final Pattern PARTITION =
      Pattern.compile("/partitions/([^/]+)/(0|[1-9][0-9]{0,8})");

  /** There is nothing to be read of them, so a few are enough to tell of. */
  private static final int MAX_STRANGERS = 100;

  record PartitionKey(String topicId, int partition) {}

  boolean cluster;
  boolean allBrokers;
  boolean allTopics;
  final Set<Integer> brokers = new LinkedHashSet<>();

  /** By name: the topic's own node, and those of its partitions that are not known yet. */
  final Set<String> topics = new LinkedHashSet<>();

  /** By name: the topic's node and all its partitions. */
  final Set<String> wholeTopics = new LinkedHashSet<>();

  /** By topic id: as above. */
  final Set<String> wholeTopicIds = new LinkedHashSet<>();

  final Set<PartitionKey> partitions = new LinkedHashSet<>();

  /** Paths where no node of ours ever stands: B78. */
  final Set<String> strangers = new LinkedHashSet<>();

  /** A path that a watch told of: it, or the watched root to say that all may have changed. */
  void addChanged(String path) {
    switch (path) {
      case ZnodePaths.CLUSTER -> cluster = true;
      case ZnodePaths.LIVE_BROKERS -> allBrokers = true;
      case ZnodePaths.TOPICS, ZnodePaths.PARTITIONS -> allTopics = true;
      default -> addBelow(path);
    }
  }

  private void addBelow(String path) {
    Matcher partition = PARTITION.matcher(path);
    if (partition.matches()) {
      partitions.add(new PartitionKey(partition.group(1), Integer.parseInt(partition.group(2))));
      return;
    }
    Matcher broker = BROKER.matcher(path);
    if (broker.matches()) {
      brokers.add(Integer.parseInt(broker.group(1)));
      return;
    }
    Matcher topic = TOPIC.matcher(path);
    if (topic.matches()) {
      topics.add(topic.group(1));
      return;
    }
    Matcher topicPartitions = TOPIC_PARTITIONS.matcher(path);
    if (topicPartitions.matches()) {
      wholeTopicIds.add(topicPartitions.group(1));
    } else if (BELOW_TOPIC.matcher(path).matches() && strangers.size() < MAX_STRANGERS) {
      strangers.add(path);
    }
  }

  /** Whether the node of that partition may be read. */
  boolean concerns(String topic, String topicId, int partition) {
    return allTopics
        || wholeTopics.contains(topic)
        || wholeTopicIds.contains(topicId)
        || partitions.contains(new PartitionKey(topicId, partition));
  }

  boolean isEmpty() {
    return !cluster
        && !allBrokers
        && !allTopics
        && brokers.isEmpty()
        && topics.isEmpty()
        && wholeTopics.isEmpty()
        && wholeTopicIds.isEmpty()
        && partitions.isEmpty()
        && strangers.isEmpty();
  }

  void addAll(Rereading other) {
    cluster |= other.cluster;
    allBrokers |= other.allBrokers;
    allTopics |= other.allTopics;
    brokers.addAll(other.brokers);
    topics.addAll(other.topics);
    wholeTopics.addAll(other.wholeTopics);
    wholeTopicIds.addAll(other.wholeTopicIds);
    partitions.addAll(other.partitions);
    strangers.addAll(other.strangers);
  }
}
