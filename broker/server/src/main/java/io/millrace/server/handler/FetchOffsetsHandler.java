package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.coordinator.Coordinators;
import io.millrace.server.group.CommittedOffset;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.FetchOffsetsRequest;
import io.millrace.wire.v1.FetchOffsetsResponse;
import io.millrace.wire.v1.Response;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Says how far groups have come. */
final class FetchOffsetsHandler {
  private final Coordinators coordinators;
  private final Supplier<Catalog> catalog;

  FetchOffsetsHandler(Coordinators coordinators, Supplier<Catalog> catalog) {
    this.coordinators = coordinators;
    this.catalog = catalog;
  }

  void handle(InboundRequest request) {
    FetchOffsetsRequest fetch = request.head().getFetchOffsets();
    Optional<Refusal> refusal = GroupShape.checkGroup(fetch.getGroupId());
    if (refusal.isPresent()) {
      GroupReply.refuse(request, refusal.get());
      return;
    }
    coordinators.offsets(
        fetch.getGroupId(),
        new GroupReply<>(
            request,
            (epoch, offsets) ->
                Response.newBuilder()
                    .setFetchOffsets(
                        FetchOffsetsResponse.newBuilder()
                            .setLeaderEpoch(epoch)
                            .addAllOffsets(
                                GroupTopics.offsets(wanted(fetch, offsets), catalog.get())))));
  }

  private static Map<PartitionId, CommittedOffset> wanted(
      FetchOffsetsRequest fetch, Map<PartitionId, CommittedOffset> offsets) {
    if (fetch.getTopicsCount() == 0) {
      return offsets;
    }
    Set<PartitionId> ids = GroupTopics.ids(fetch.getTopicsList());
    Map<PartitionId, CommittedOffset> wanted = new HashMap<>(offsets);
    wanted.keySet().retainAll(ids);
    return wanted;
  }
}
