package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.partition.Partition;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.ReplicaEndReading;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.ReplicaEnd;
import io.millrace.wire.v1.ReplicaEndsRequest;
import io.millrace.wire.v1.ReplicaEndsResponse;
import io.millrace.wire.v1.ReplicaPartition;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.Optional;

/** Tells another broker how far the replicas here reach, whoever leads. */
final class ReplicaEndsHandler {
  private final List<Shard> shards;
  private final RequestSettings settings;

  ReplicaEndsHandler(List<Shard> shards, RequestSettings settings) {
    this.shards = shards;
    this.settings = settings;
  }

  void handle(InboundRequest request) {
    ReplicaEndsRequest ends = request.head().getReplicaEnds();
    Optional<Refusal> refusal =
        NamedPartitions.check(ends.getPartitionsList(), NamedPartitions::id, settings);
    if (refusal.isPresent()) {
      request.refuse(refusal.get().code(), refusal.get().message());
      return;
    }
    int count = ends.getPartitionsCount();
    Gather<ReplicaEnd> results =
        new Gather<>(
            count,
            all ->
                request.answer(
                    Response.newBuilder()
                        .setReplicaEnds(ReplicaEndsResponse.newBuilder().addAllResults(all)),
                    List.of()));
    for (int i = 0; i < count; i++) {
      int index = i;
      ReplicaPartition which = ends.getPartitions(i);
      Shard owner = NamedPartitions.id(which).ownerAmong(shards);
      owner.deliver(() -> results.fill(index, end(owner, which)));
    }
  }

  private static ReplicaEnd end(Shard owner, ReplicaPartition which) {
    PartitionId id = NamedPartitions.id(which);
    ReplicaEnd.Builder end =
        ReplicaEnd.newBuilder().setTopicId(which.getTopicId()).setPartition(which.getPartition());
    Partition partition = owner.find(id);
    if (partition == null) {
      return end.setError(owner.whyAbsent(id).toError()).build();
    }
    ReplicaEndReading reading = partition.end();
    return end.setLastEpoch(Math.max(0, reading.lastEpoch()))
        .setLogEnd(reading.endOffset())
        .setFlushedOffset(reading.flushedOffset())
        .setEpochSeen(Math.max(0, partition.log().highestEpochSeen()))
        .build();
  }
}
