package io.millrace.cli;

import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicPartition;
import java.util.List;

/** What {@code --partition} means for a topic. */
final class ChosenPartitions {
  private ChosenPartitions() {}

  /**
   * @param numbers empty: all
   * @throws CommandFailedException the topic has no such partition
   */
  static List<TopicPartition> of(String topic, List<PartitionInfo> all, List<Integer> numbers) {
    for (int number : numbers) {
      if (number < 0 || number >= all.size()) {
        throw new CommandFailedException(
            ExitCode.NOT_FOUND,
            "topic %s has no partition %d; it has 0 to %d"
                .formatted(topic, number, all.size() - 1));
      }
    }
    return (numbers.isEmpty() ? all.stream() : numbers.stream().distinct().map(all::get))
        .map(PartitionInfo::topicPartition)
        .toList();
  }
}
