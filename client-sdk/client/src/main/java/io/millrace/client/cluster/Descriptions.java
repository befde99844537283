package io.millrace.client.cluster;

import io.millrace.client.Broker;
import io.millrace.client.ClusterDescription;
import io.millrace.client.ClusterMap;
import io.millrace.client.PartitionInfo;
import io.millrace.client.SettingDescription;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.wire.v1.BrokerInfo;
import io.millrace.wire.v1.DescribeClusterResponse;
import io.millrace.wire.v1.SettingInfo;
import io.millrace.wire.v1.SettingsDescription;
import io.millrace.wire.v1.TopicInfo;
import io.millrace.wire.v1.TopicSummary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Makes the API's values of what brokers and the coordination store say. */
public final class Descriptions {
  /** The listener clients use; the other one is for brokers. */
  private static final String LISTENER = "client";

  private Descriptions() {}

  // ---- Of brokers' answers ---------------------------------------------------------------------

  public static TopicDescription topic(TopicInfo info) {
    List<PartitionInfo> partitions = new ArrayList<>(info.getPartitionsCount());
    for (io.millrace.wire.v1.PartitionInfo each : info.getPartitionsList()) {
      partitions.add(
          new PartitionInfo(
              info.getName(),
              each.getPartition(),
              each.hasLeader() ? OptionalInt.of(each.getLeader()) : OptionalInt.empty(),
              each.getLeaderEpoch(),
              each.getReplicasList(),
              each.getInSyncList()));
    }
    partitions.sort(Comparator.comparingInt(PartitionInfo::partition));
    return new TopicDescription(
        info.getName(),
        info.getTopicId(),
        info.getReplicationFactor(),
        info.getSettingsMap(),
        partitions);
  }

  public static TopicListing listing(TopicSummary summary) {
    return new TopicListing(
        summary.getName(),
        summary.getTopicId(),
        summary.getPartitions(),
        summary.getReplicationFactor());
  }

  public static ClusterDescription cluster(DescribeClusterResponse response) {
    List<Broker> brokers = new ArrayList<>();
    response.getBrokersList().forEach(info -> broker(info).ifPresent(brokers::add));
    brokers.sort(Comparator.comparingInt(Broker::id));
    return new ClusterDescription(
        response.getClusterId(),
        response.getFormatVersion(),
        brokers,
        response.getTopics(),
        response.getPartitions(),
        response.getOfflinePartitions(),
        response.getUnderReplicatedPartitions(),
        response.getLeadersMap());
  }

  public static List<SettingDescription> settings(SettingsDescription described) {
    return described.getSettingsList().stream().map(Descriptions::setting).toList();
  }

  private static SettingDescription setting(SettingInfo info) {
    return new SettingDescription(
        info.getKey(),
        info.getValue(),
        info.getDefaultValue(),
        switch (info.getSource()) {
          case BUILT_IN -> SettingDescription.Source.BUILT_IN;
          case FROM_TOPIC -> SettingDescription.Source.TOPIC;
          case FROM_FILE -> SettingDescription.Source.FILE;
          case FROM_ENVIRONMENT -> SettingDescription.Source.ENVIRONMENT;
          case FROM_COMMAND_LINE -> SettingDescription.Source.COMMAND_LINE;
          case SETTING_SOURCE_UNSPECIFIED, UNRECOGNIZED -> SettingDescription.Source.OTHER;
        },
        info.getAllowed(),
        info.getDocumentation(),
        info.getDynamic());
  }

  private static Optional<Broker> broker(BrokerInfo info) {
    return info.getEndpointsList().stream()
        .filter(endpoint -> endpoint.getListener().equals(LISTENER))
        .findFirst()
        .map(
            endpoint ->
                new Broker(
                    info.getId(),
                    (int) info.getIncarnation(),
                    endpoint.getHost(),
                    endpoint.getPort(),
                    info.getRack(),
                    info.getVersion()));
  }

  // ---- Of the coordination store's image -------------------------------------------------------

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
    return Optional.ofNullable(image.endpoints().get(LISTENER))
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
        topic, number, image.leader(), image.leaderEpoch(), image.replicas(), image.inSync());
  }
}
