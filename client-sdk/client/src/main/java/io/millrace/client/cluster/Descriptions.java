package io.millrace.client.cluster;

import io.millrace.client.Broker;
import io.millrace.client.ClusterDescription;
import io.millrace.client.DrainResult;
import io.millrace.client.ElectionResult;
import io.millrace.client.Explanation;
import io.millrace.client.Finding;
import io.millrace.client.PartitionInfo;
import io.millrace.client.SettingDescription;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.ProtocolException;
import io.millrace.wire.v1.BrokerInfo;
import io.millrace.wire.v1.DescribeClusterResponse;
import io.millrace.wire.v1.DrainBrokerResponse;
import io.millrace.wire.v1.ElectLeaderResult;
import io.millrace.wire.v1.ElectLeadersResponse;
import io.millrace.wire.v1.ExplainResponse;
import io.millrace.wire.v1.SettingInfo;
import io.millrace.wire.v1.SettingsDescription;
import io.millrace.wire.v1.TopicInfo;
import io.millrace.wire.v1.TopicSummary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

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
              each.getInSyncList(),
              each.getEligibleList(),
              each.getLastChange(),
              each.getPossibleLoss()));
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
        response.getBelowMinimumPartitions(),
        response.getLeadersMap(),
        response.getWithoutZookeeper());
  }

  /**
   * What a broker says about itself or a partition.
   *
   * @throws ProtocolException it says nothing
   */
  public static Explanation explanation(int brokerId, ExplainResponse response) {
    if (response.getFindingsCount() == 0) {
      throw new ProtocolException("the answer explains nothing");
    }
    return new Explanation(
        brokerId, response.getFindingsList().stream().map(Descriptions::finding).toList());
  }

  private static Finding finding(io.millrace.wire.v1.Finding each) {
    return new Finding(
        each.getReason(),
        switch (each.getSeverity()) {
          case FINE -> Finding.Severity.FINE;
          // A newer broker's word for something in between: better looked at than overlooked.
          case WAITING, SEVERITY_UNSPECIFIED, UNRECOGNIZED -> Finding.Severity.WAITING;
          case BROKEN -> Finding.Severity.BROKEN;
        },
        each.getText(),
        each.getAdvice(),
        each.hasSinceMs() ? OptionalLong.of(each.getSinceMs()) : OptionalLong.empty());
  }

  public static Map<TopicPartition, ElectionResult> elections(
      String topic, ElectLeadersResponse response) {
    Map<TopicPartition, ElectionResult> results = new LinkedHashMap<>();
    for (ElectLeaderResult each : response.getResultsList()) {
      if (each.getPartition() < 0) {
        continue; // no number of ours is so large
      }
      results.put(
          new TopicPartition(topic, each.getPartition()),
          each.hasError()
              ? new ElectionResult.Failed(
                  BrokerErrors.exception(each.getError(), topic, each.getPartition()))
              : new ElectionResult.Settled(
                  each.hasLeader() ? OptionalInt.of(each.getLeader()) : OptionalInt.empty(),
                  each.getLeaderEpoch(),
                  each.getWhat()));
    }
    return results;
  }

  public static DrainResult drain(DrainBrokerResponse response) {
    return new DrainResult(
        response.getHandedOver(),
        response.getLeftList().stream()
            .filter(left -> left.getPartition() >= 0)
            .map(
                left ->
                    new DrainResult.Left(
                        new TopicPartition(left.getTopic(), left.getPartition()), left.getWhy()))
            .toList());
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
