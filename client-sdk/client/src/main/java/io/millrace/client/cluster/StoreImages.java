package io.millrace.client.cluster;

import io.millrace.client.Broker;
import io.millrace.client.ClusterMap;
import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicDescription;
import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Makes the API's values of the coordination store's image. */
final class StoreImages {
  private StoreImages() {}

  /** A topic that is being deleted does not exist any more. */
  static ClusterMap map(ClusterImage image) {
    Map<Integer, Broker> brokers = new HashMap<>();
    image.brokers().values().forEach(each -> broker(each).ifPresent(b -> brokers.put(b.id(), b)));
    Map<String, TopicDescription> topics = new HashMap<>();
    image
        .topics()
        .forEach(
            (name, topic) -> {
              if (!topic.deleting()) {
                topics.put(name, topic(topic));
              }
            });
    return new ClusterMap(image.clusterId(), brokers, topics);
  }

  private static Optional<Broker> broker(BrokerImage image) {
    return Optional.ofNullable(image.endpoints().get(Descriptions.LISTENER))
        .map(
            endpoint ->
                new Broker(
                    image.id(),
                    image.incarnation(),
                    endpoint.host(),
                    endpoint.port(),
                    image.rack(),
                    image.softwareVersion()));
  }

  private static TopicDescription topic(TopicImage image) {
    List<PartitionInfo> partitions = new ArrayList<>(image.partitions().size());
    for (int i = 0; i < image.partitions().size(); i++) {
      partitions.add(partition(image.name(), i, image.partitions().get(i)));
    }
    return new TopicDescription(
        image.name(), image.id(), image.replicationFactor(), image.settings(), partitions);
  }

  private static PartitionInfo partition(String topic, int number, @Nullable PartitionImage image) {
    if (image == null) {
      return new PartitionInfo(topic, number, OptionalInt.empty(), 0, List.of(), List.of());
    }
    return new PartitionInfo(
        topic,
        number,
        image.leader(),
        image.leaderEpoch(),
        image.replicas(),
        image.inSync(),
        image.eligible(),
        image.lastChange(),
        image.possibleLoss());
  }
}
