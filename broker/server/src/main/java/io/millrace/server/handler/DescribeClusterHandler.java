package io.millrace.server.handler;

import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.config.TopicDefaults;
import io.millrace.server.config.TopicSettings;
import io.millrace.wire.v1.DescribeClusterResponse;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The cluster in numbers: who lives, who leads how much, what nobody leads. */
final class DescribeClusterHandler {
  private final Supplier<Catalog> catalog;
  private final TopicDefaults defaults;

  DescribeClusterHandler(Supplier<Catalog> catalog, TopicDefaults defaults) {
    this.catalog = catalog;
    this.defaults = defaults;
  }

  void handle(InboundRequest request) {
    DescribeClusterResponse response = describe(catalog.get().image(), defaults);
    request.answer(Response.newBuilder().setDescribeCluster(response), List.of());
  }

  static DescribeClusterResponse describe(ClusterImage image, TopicDefaults defaults) {
    int topics = 0;
    int partitions = 0;
    int offline = 0;
    int underReplicated = 0;
    int belowMinimum = 0;
    Map<Integer, Integer> leaders = new TreeMap<>();
    for (TopicImage topic : image.topics().values()) {
      if (topic.deleting()) {
        continue;
      }
      topics++;
      partitions += topic.partitionCount();
      int minInSync =
          TopicSettings.understood(topic.settings(), topic.replicationFactor(), defaults)
              .minInSync();
      for (int number = 0; number < topic.partitionCount(); number++) {
        @Nullable PartitionImage partition =
            number < topic.partitions().size() ? topic.partitions().get(number) : null;
        if (partition == null || !isLed(image, partition)) {
          offline++;
        } else {
          leaders.merge(partition.leader().getAsInt(), 1, Integer::sum);
        }
        if (partition != null && liveInSync(image, partition) < partition.replicas().size()) {
          underReplicated++;
        }
        if (partition != null && liveInSync(image, partition) < minInSync) {
          belowMinimum++;
        }
      }
    }
    return DescribeClusterResponse.newBuilder()
        .setClusterId(image.clusterId())
        .setFormatVersion(image.formatVersion())
        .addAllBrokers(TopicInfos.brokers(image))
        .setTopics(topics)
        .setPartitions(partitions)
        .setOfflinePartitions(offline)
        .setUnderReplicatedPartitions(underReplicated)
        .setBelowMinimumPartitions(belowMinimum)
        .putAllLeaders(leaders)
        .build();
  }

  /** By a broker that lives, in the very life it was elected in. */
  private static boolean isLed(ClusterImage image, PartitionImage partition) {
    if (partition.leader().isEmpty()) {
      return false;
    }
    var leader = image.brokers().get(partition.leader().getAsInt());
    return leader != null && leader.incarnation() == partition.leaderIncarnation();
  }

  private static long liveInSync(ClusterImage image, PartitionImage partition) {
    return partition.inSync().stream().filter(image.brokers()::containsKey).count();
  }
}
