package io.millrace.coordination.view;

import io.millrace.coordination.v1.TopicNode;
import io.millrace.coordination.v1.TopicState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One topic as it is being put together. Owner: the store's loop.
 *
 * <p>The leader epoch of a partition never goes back here: a store that was restored from an old
 * copy must not rewind the cluster. B72, B77.
 */
final class TopicPicture {
  private final String name;
  private final String id;
  private TopicNode node;
  private final List<@Nullable PartitionImage> partitions;

  /** Those whose last reading was in order, by number. */
  private final Map<Integer, KnownPartitions.Known> nodes = new HashMap<>();

  private @Nullable TopicImage image;

  TopicPicture(String name, TopicNode node) {
    this.name = name;
    this.id = node.getTopicId();
    this.node = node;
    this.partitions = new ArrayList<>(Collections.nCopies(node.getPartitions(), null));
  }

  String id() {
    return id;
  }

  int partitionCount() {
    return node.getPartitions();
  }

  boolean isDeleting() {
    return node.getState() == TopicState.DELETING;
  }

  /** Another reading of the same topic: same id. */
  void update(TopicNode newer) {
    if (newer.equals(node)) {
      return;
    }
    node = newer;
    while (partitions.size() < newer.getPartitions()) {
      partitions.add(null);
    }
    // Partitions are never taken away; a smaller count is somebody's mistake.
    if (partitions.size() > newer.getPartitions()) {
      node = newer.toBuilder().setPartitions(partitions.size()).build();
    }
    image = null;
  }

  /** Why it was refused, or null. */
  @Nullable String update(PartitionImage newer) {
    PartitionImage older = partitions.get(newer.partition());
    if (older != null && newer.leaderEpoch() < older.leaderEpoch()) {
      return "its leader epoch "
          + newer.leaderEpoch()
          + " is behind "
          + older.leaderEpoch()
          + ", which was seen before";
    }
    if (!newer.equals(older)) {
      partitions.set(newer.partition(), newer);
      image = null;
    }
    return null;
  }

  /** Null: the last reading was not in order. */
  void setNode(int partition, KnownPartitions.@Nullable Known node) {
    if (node == null) {
      nodes.remove(partition);
    } else {
      nodes.put(partition, node);
    }
  }

  KnownPartitions.@Nullable Known node(int partition) {
    return nodes.get(partition);
  }

  boolean knows(int partition) {
    return partition < partitions.size() && partitions.get(partition) != null;
  }

  /** The same object as long as nothing changed. */
  TopicImage image() {
    TopicImage current = image;
    if (current == null) {
      current =
          new TopicImage(
              name,
              id,
              isDeleting(),
              node.getPartitions(),
              node.getReplicationFactor(),
              node.getSettingsMap(),
              partitions);
      image = current;
    }
    return current;
  }
}
