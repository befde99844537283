package io.millrace.server.handler;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.wire.v1.BrokerInfo;
import io.millrace.wire.v1.Endpoint;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.TopicInfo;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Topics and brokers of a cluster image as the wire has them. */
final class TopicInfos {
  private TopicInfos() {}

  /** The topic of that name, or an entry that says it is not there. */
  static TopicInfo named(ClusterImage image, String name) {
    TopicImage topic = image.topics().get(name);
    return topic == null || topic.deleting() ? unknown(name) : of(topic);
  }

  static TopicInfo unknown(String name) {
    return failed(name, ErrorCode.UNKNOWN_TOPIC, "there is no topic of this name");
  }

  static TopicInfo failed(String name, ErrorCode code, String message) {
    return TopicInfo.newBuilder()
        .setName(name)
        .setError(Error.newBuilder().setCode(code).setMessage(message))
        .build();
  }

  static TopicInfo of(TopicImage topic) {
    TopicInfo.Builder info =
        TopicInfo.newBuilder()
            .setName(topic.name())
            .setTopicId(topic.id())
            .setReplicationFactor(topic.replicationFactor())
            .putAllSettings(new TreeMap<>(topic.settings()));
    for (int number = 0; number < topic.partitionCount(); number++) {
      @Nullable PartitionImage partition =
          number < topic.partitions().size() ? topic.partitions().get(number) : null;
      info.addPartitions(partitionInfo(number, partition));
    }
    return info.build();
  }

  private static PartitionInfo partitionInfo(int number, @Nullable PartitionImage partition) {
    PartitionInfo.Builder info = PartitionInfo.newBuilder().setPartition(number);
    if (partition == null) {
      return info.setLastChange("its state is missing or cannot be read").build();
    }
    partition.leader().ifPresent(info::setLeader);
    return info.setLeaderEpoch(partition.leaderEpoch())
        .addAllReplicas(partition.replicas())
        .addAllInSync(partition.inSync())
        .addAllEligible(partition.eligible())
        .setLastChange(partition.lastChange())
        .setPossibleLoss(partition.possibleLoss())
        .build();
  }

  /** In order of their ids. */
  static List<BrokerInfo> brokers(ClusterImage image) {
    return image.brokers().values().stream()
        .sorted(Comparator.comparingInt(BrokerImage::id))
        .map(TopicInfos::brokerInfo)
        .toList();
  }

  private static BrokerInfo brokerInfo(BrokerImage broker) {
    BrokerInfo.Builder info =
        BrokerInfo.newBuilder()
            .setId(broker.id())
            .setIncarnation(broker.incarnation())
            .setRack(broker.rack())
            .setVersion(broker.softwareVersion());
    new TreeMap<>(broker.endpoints())
        .forEach(
            (listener, endpoint) ->
                info.addEndpoints(
                    Endpoint.newBuilder()
                        .setListener(listener)
                        .setHost(endpoint.host())
                        .setPort(endpoint.port())));
    return info.build();
  }
}
