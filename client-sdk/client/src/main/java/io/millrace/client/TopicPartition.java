package io.millrace.client;

/**
 * One partition of a topic, by the topic's name.
 *
 * @param partition from 0
 */
public record TopicPartition(String topic, int partition) implements Comparable<TopicPartition> {
  public TopicPartition {
    if (partition < 0) {
      throw new IllegalArgumentException("partition " + partition + " is negative");
    }
  }

  /** By topic, then by partition. */
  @Override
  public int compareTo(TopicPartition that) {
    int byTopic = topic.compareTo(that.topic);
    return byTopic != 0 ? byTopic : Integer.compare(partition, that.partition);
  }

  /** {@code topic/partition}. */
  @Override
  public String toString() {
    return topic + "/" + partition;
  }
}
