package io.millrace.server.partition;

import java.util.List;

/** A partition of a topic that is unique for ever; names are for people. */
public record PartitionId(String topicId, int partition) {
  /**
   * Which of the shards owns it: a function of the id alone, so that nobody needs a table to find
   * out. Neighbouring partitions of a topic go to neighbouring shards.
   */
  public <S> S ownerAmong(List<S> shards) {
    return shards.get(Math.floorMod(topicId.hashCode() + partition, shards.size()));
  }

  /** As its directory is called. */
  @Override
  public String toString() {
    return topicId + "-" + partition;
  }
}
