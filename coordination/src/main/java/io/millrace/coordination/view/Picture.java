package io.millrace.coordination.view;

import com.google.protobuf.Message;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.ClusterNode;
import io.millrace.coordination.v1.LiveBrokerNode;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.TopicNode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The cluster as it is being put together from readings. Owner: the store's loop. Knows nothing of
 * how and when nodes are read.
 */
final class Picture {
  private record LiveBroker(long createdAt, BrokerImage image) {}

  private final Quarantine quarantine = new Quarantine();
  private ClusterNode cluster = ClusterNode.getDefaultInstance();
  private final Map<Integer, LiveBroker> brokers = new HashMap<>();
  private final Map<String, TopicPicture> topics = new HashMap<>();
  private final Map<String, String> namesById = new HashMap<>();
  private ClusterImage image = ClusterImage.EMPTY;

  void onCluster(ReadOutcome<Node> outcome) {
    if (outcome instanceof ReadOutcome.Found<Node> found) {
      ClusterNode read = understood(ZnodePaths.CLUSTER, found.value(), ZnodeJson.CLUSTER);
      if (read != null) {
        quarantine.accept(ZnodePaths.CLUSTER);
        cluster = read;
      }
    }
  }

  /**
   * What is not in the list is not live.
   *
   * @param names all that there are, with those that are no broker's
   */
  void onBrokerList(List<Integer> ids, List<String> names) {
    brokers.keySet().retainAll(new HashSet<>(ids));
    quarantine.forgetOthers(ZnodePaths.LIVE_BROKERS, new HashSet<>(names));
  }

  void onBroker(int id, ReadOutcome<Node> outcome) {
    if (outcome instanceof ReadOutcome.Absent<Node>) {
      brokers.remove(id);
      quarantine.forget(ZnodePaths.liveBroker(id));
    }
    if (!(outcome instanceof ReadOutcome.Found<Node> found)) {
      return;
    }
    Node node = found.value();
    String path = ZnodePaths.liveBroker(id);
    LiveBrokerNode read = understood(path, node, ZnodeJson.LIVE_BROKER);
    if (read != null && read.getId() != id) {
      quarantine.refuse(path, node.version(), "it says that it is broker " + read.getId());
      read = null;
    }
    if (read != null) {
      quarantine.accept(path);
      brokers.put(id, new LiveBroker(node.createdAt(), Readings.broker(read)));
    } else {
      LiveBroker before = brokers.get(id);
      if (before != null && before.createdAt != node.createdAt()) {
        // Another life, of which nothing is known.
        brokers.remove(id);
      }
    }
  }

  /** What is not in the list does not exist. */
  void onTopicList(List<String> names) {
    Set<String> there = new HashSet<>(names);
    for (String name : List.copyOf(topics.keySet())) {
      if (!there.contains(name)) {
        removeTopic(name);
      }
    }
    quarantine.forgetOthers(ZnodePaths.TOPICS, there);
  }

  /**
   * Of names that are no topic's there is nothing to be read: what is not in the list is not there.
   */
  void forgetOtherTopics(List<String> names) {
    quarantine.forgetOthers(ZnodePaths.TOPICS, new HashSet<>(names));
  }

  /** Returns the topic's picture as it now is, null when there is none. */
  @Nullable TopicPicture onTopic(String name, ReadOutcome<Node> outcome) {
    if (outcome instanceof ReadOutcome.Absent<Node>) {
      removeTopic(name);
      quarantine.forget(ZnodePaths.topic(name));
    } else if (outcome instanceof ReadOutcome.Found<Node> found) {
      TopicNode read = understood(ZnodePaths.topic(name), found.value(), ZnodeJson.TOPIC);
      if (read != null) {
        quarantine.accept(ZnodePaths.topic(name));
        putTopic(name, read);
      }
    }
    return topics.get(name);
  }

  private void putTopic(String name, TopicNode read) {
    TopicPicture before = topics.get(name);
    if (before != null && before.id().equals(read.getTopicId())) {
      before.update(read);
      return;
    }
    removeTopic(name);
    topics.put(name, new TopicPicture(name, read));
    namesById.put(read.getTopicId(), name);
  }

  private void removeTopic(String name) {
    TopicPicture removed = topics.remove(name);
    if (removed != null) {
      namesById.remove(removed.id());
      quarantine.forgetOthers(ZnodePaths.partitions(removed.id()), Set.of());
    }
  }

  void onPartition(String topicId, int partition, ReadOutcome<Node> outcome) {
    TopicPicture topic = topicById(topicId);
    if (topic == null || partition >= topic.partitionCount()) {
      return;
    }
    String path = ZnodePaths.partition(topicId, partition);
    topic.setNode(partition, null);
    if (outcome instanceof ReadOutcome.Found<Node> found) {
      Node node = found.value();
      ZnodeReading<PartitionNode> reading = ZnodeJson.PARTITION.read(node.data());
      PartitionNode read = understood(path, node, reading);
      if (read != null) {
        String refused = topic.update(Readings.partition(partition, read, node.version()));
        if (refused != null) {
          quarantine.refuse(path, node.version(), refused);
        } else {
          quarantine.accept(path);
          topic.setNode(
              partition,
              new KnownPartitions.Known(
                  (ZnodeReading.Understood<PartitionNode>) reading, node.version()));
        }
      }
    } else if (outcome instanceof ReadOutcome.Absent<Node> && !topic.isDeleting()) {
      quarantine.refuse(path, -1, "it is missing, although its topic is there");
    }
  }

  /** The entries that are refused as they stand, by path, with the reason. */
  Map<String, String> refusedNodes() {
    return quarantine.snapshot();
  }

  /** An entry whose very name is none of ours: B78. */
  void refuse(String path, String why) {
    quarantine.refuse(path, -1, why);
  }

  @Nullable TopicPicture topicById(String topicId) {
    String name = namesById.get(topicId);
    return name == null ? null : topics.get(name);
  }

  @Nullable String nameOf(String topicId) {
    return namesById.get(topicId);
  }

  /** The same object as long as nothing changed. */
  ClusterImage image() {
    Map<Integer, BrokerImage> brokerImages = new HashMap<>();
    brokers.forEach((id, broker) -> brokerImages.put(id, broker.image));
    Map<String, TopicImage> topicImages = new HashMap<>();
    topics.forEach((name, topic) -> topicImages.put(name, topic.image()));
    ClusterImage now =
        new ClusterImage(
            cluster.getClusterId(), cluster.getFormatVersion(), brokerImages, topicImages);
    if (!now.equals(image)) {
      image = now;
    }
    return image;
  }

  /** Null: it was refused. Who has nothing against the content either accepts it. */
  private <T extends Message> @Nullable T understood(String path, Node node, ZnodeJson<T> json) {
    return understood(path, node, json.read(node.data()));
  }

  private <T extends Message> @Nullable T understood(
      String path, Node node, ZnodeReading<T> reading) {
    if (reading instanceof ZnodeReading.Understood<T> understood) {
      return understood.content();
    }
    String why =
        reading instanceof ZnodeReading.FromTheFuture<T> future
            ? "its format " + future.version() + " is newer than this program knows"
            : ((ZnodeReading.Damaged<T>) reading).why();
    quarantine.refuse(path, node.version(), why);
    return null;
  }
}
