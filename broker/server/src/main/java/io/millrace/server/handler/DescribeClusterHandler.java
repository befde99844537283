package io.millrace.server.handler;

import io.millrace.coordination.view.ClusterImage;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.cluster.ClusterFigures;
import io.millrace.server.config.TopicDefaults;
import io.millrace.wire.v1.DescribeClusterResponse;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** The cluster in numbers: who lives, who leads how much, what nobody leads. */
final class DescribeClusterHandler {
  private final Supplier<Catalog> catalog;
  private final TopicDefaults defaults;
  private final BooleanSupplier isWithoutZooKeeper;

  /**
   * @param isWithoutZooKeeper whether what is known may be old; any thread
   */
  DescribeClusterHandler(
      Supplier<Catalog> catalog, TopicDefaults defaults, BooleanSupplier isWithoutZooKeeper) {
    this.isWithoutZooKeeper = isWithoutZooKeeper;
    this.catalog = catalog;
    this.defaults = defaults;
  }

  void handle(InboundRequest request) {
    DescribeClusterResponse response =
        describe(catalog.get().image(), defaults).toBuilder()
            .setWithoutZookeeper(isWithoutZooKeeper.getAsBoolean())
            .build();
    request.answer(Response.newBuilder().setDescribeCluster(response), List.of());
  }

  static DescribeClusterResponse describe(ClusterImage image, TopicDefaults defaults) {
    ClusterFigures figures = ClusterFigures.of(image, defaults);
    return DescribeClusterResponse.newBuilder()
        .setClusterId(image.clusterId())
        .setFormatVersion(image.formatVersion())
        .addAllBrokers(TopicInfos.brokers(image))
        .setTopics(figures.topics())
        .setPartitions(figures.partitions())
        .setOfflinePartitions(figures.leaderless())
        .setUnderReplicatedPartitions(figures.underReplicated())
        .setBelowMinimumPartitions(figures.belowMinimum())
        .putAllLeaders(figures.leaders())
        .build();
  }
}
