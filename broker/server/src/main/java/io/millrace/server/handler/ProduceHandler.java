package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.coordinator.GroupsTopic;
import io.millrace.server.partition.AppendOutcome;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.ProduceShare;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.ProduceRequest;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Appends records: hands each partition's share to the shard that owns the partition. */
final class ProduceHandler {
  private final List<Shard> shards;
  private final RequestSettings settings;

  ProduceHandler(List<Shard> shards, RequestSettings settings) {
    this.shards = shards;
    this.settings = settings;
  }

  void handle(InboundRequest request) {
    ProduceRequest produce = request.head().getProduce();
    ByteBuffer payload = request.payload();
    Optional<Refusal> wrong =
        ProduceShape.check(produce, payload.remaining(), settings.maxPartitions());
    if (wrong.isPresent()) {
      refuse(request, produce, wrong.get());
      return;
    }
    ProduceInFlight inFlight = new ProduceInFlight(request);
    int position = payload.position();
    for (int i = 0; i < produce.getPartitionsCount(); i++) {
      ProducePartition partition = produce.getPartitions(i);
      ProduceShare share =
          new ProduceShare(
              payload.slice(position, partition.getSize()),
              produce.getDurability(),
              partition.hasLeaderEpoch()
                  ? OptionalInt.of(partition.getLeaderEpoch())
                  : OptionalInt.empty(),
              request.deadlineNanos(),
              inFlight.listener(i));
      position += partition.getSize();
      send(new PartitionId(partition.getTopicId(), partition.getPartition()), share);
    }
    inFlight.handedOut();
  }

  private void send(PartitionId id, ProduceShare share) {
    if (GroupsTopic.isId(id.topicId())) { // B40
      refuse(share, new Refusal(ErrorCode.NOT_AUTHORISED, GroupsTopic.whyNot()));
      return;
    }
    Shard owner = id.ownerAmong(shards);
    if (!owner.offer(() -> owner.append(id, share))) {
      refuse(
          share, new Refusal(ErrorCode.BUSY, "the owner of " + id + " is too far behind; retry"));
    }
  }

  private static void refuse(ProduceShare share, Refusal why) {
    share.listener().onBatchesFree();
    share.listener().onOutcome(new AppendOutcome.Refused(why));
  }

  /** Who asked for no answer gets none. */
  private static void refuse(InboundRequest request, ProduceRequest produce, Refusal why) {
    if (produce.getDurability() == Durability.NONE) {
      request.drop();
    } else {
      request.refuse(why.code(), why.message());
    }
  }
}
