package io.millrace.client.cluster;

import io.millrace.client.Broker;
import io.millrace.client.ClusterDescription;
import io.millrace.client.PartitionInfo;
import io.millrace.client.SettingDescription;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import io.millrace.wire.v1.BrokerInfo;
import io.millrace.wire.v1.DescribeClusterResponse;
import io.millrace.wire.v1.SettingInfo;
import io.millrace.wire.v1.SettingsDescription;
import io.millrace.wire.v1.TopicInfo;
import io.millrace.wire.v1.TopicSummary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Makes the API's values of what brokers say, and leaves out what makes no sense: a client must not
 * fall over a broker's answer.
 */
public final class Descriptions {
  /** The listener clients use; the other one is for brokers. */
  static final String LISTENER = "client";

  private Descriptions() {}

  public static TopicDescription topic(TopicInfo info) {
    List<PartitionInfo> partitions = new ArrayList<>(info.getPartitionsCount());
    for (io.millrace.wire.v1.PartitionInfo each : info.getPartitionsList()) {
      if (each.getPartition() < 0 || each.getLeaderEpoch() < 0) {
        continue; // no number of ours is so large
      }
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

  /** Empty when it says nowhere, or nonsense, of where clients reach it (B74, B94). */
  static Optional<Broker> broker(BrokerInfo info) {
    return info.getEndpointsList().stream()
        .filter(endpoint -> endpoint.getListener().equals(LISTENER))
        .filter(endpoint -> isAddress(endpoint.getHost(), endpoint.getPort()))
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

  private static boolean isAddress(String host, int port) {
    return port > 0
        && port <= 65_535
        && !host.isEmpty()
        && host.length() <= 255
        && host.chars().noneMatch(c -> c <= ' ' || c == 127);
  }
}
