package io.millrace.server.handler;

import io.millrace.coordination.view.ClusterImage;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.DescribeTopicsRequest;
import io.millrace.wire.v1.DescribeTopicsResponse;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.function.Supplier;

/** Topics with everything that is known of their partitions. */
final class DescribeTopicsHandler {
  private final Supplier<Catalog> catalog;
  private final RequestSettings settings;

  DescribeTopicsHandler(Supplier<Catalog> catalog, RequestSettings settings) {
    this.catalog = catalog;
    this.settings = settings;
  }

  void handle(InboundRequest request) {
    DescribeTopicsRequest describe = request.head().getDescribeTopics();
    if (describe.getNamesCount() > settings.maxPartitions()) {
      Refusal refusal = PartitionCount.tooMany(describe.getNamesCount(), settings.maxPartitions());
      request.refuse(refusal.code(), refusal.message());
      return;
    }
    ClusterImage image = catalog.get().image();
    DescribeTopicsResponse.Builder response = DescribeTopicsResponse.newBuilder();
    for (String name : describe.getNamesList()) {
      response.addTopics(TopicInfos.named(image, name));
    }
    request.answer(Response.newBuilder().setDescribeTopics(response), List.of());
  }
}
