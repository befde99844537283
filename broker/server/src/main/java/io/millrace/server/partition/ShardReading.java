package io.millrace.server.partition;

import java.util.List;
import java.util.Map;

/**
 * A shard as it was when its loop looked at it.
 *
 * @param unopened partitions whose log could not be opened
 * @param byTopicId what went in and out of the topics there are
 * @param departed the same of topics that are gone, all together
 */
public record ShardReading(
    List<PartitionReading> partitions,
    int unopened,
    Map<String, TrafficReading> byTopicId,
    TrafficReading departed) {
  public static final ShardReading NOTHING =
      new ShardReading(List.of(), 0, Map.of(), TrafficReading.NOTHING);

  public ShardReading {
    partitions = List.copyOf(partitions);
    byTopicId = Map.copyOf(byTopicId);
  }
}
