package io.millrace.server.handler;

import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.wire.v1.ListTopicsResponse;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicSummary;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;

/** All topics, by name. */
final class ListTopicsHandler {
  private final Supplier<Catalog> catalog;

  ListTopicsHandler(Supplier<Catalog> catalog) {
    this.catalog = catalog;
  }

  void handle(InboundRequest request) {
    ListTopicsResponse.Builder response = ListTopicsResponse.newBuilder();
    catalog.get().image().topics().values().stream()
        .filter(topic -> !topic.deleting())
        .sorted(Comparator.comparing(TopicImage::name))
        .forEach(
            topic ->
                response.addTopics(
                    TopicSummary.newBuilder()
                        .setName(topic.name())
                        .setTopicId(topic.id())
                        .setPartitions(topic.partitionCount())
                        .setReplicationFactor(topic.replicationFactor())));
    request.answer(Response.newBuilder().setListTopics(response), List.of());
  }
}
