package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.partition.AppendOutcome;
import io.millrace.server.partition.ProduceShare;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.ProduceRequest;
import io.millrace.wire.v1.ProduceResponse;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A produce request whose shares are on their way. Shared by the loops that own its partitions:
 * each writes the slot of its own share, and the one that writes the last slot answers.
 */
final class ProduceInFlight {
  private final InboundRequest request;
  private final ProduceRequest produce;
  private final Gather<AppendOutcome> outcomes;
  private final AtomicInteger unwritten;

  ProduceInFlight(InboundRequest request) {
    this.request = request;
    this.produce = request.head().getProduce();
    int count = produce.getPartitionsCount();
    this.outcomes = new Gather<>(count, this::answer);
    this.unwritten = new AtomicInteger(count);
  }

  /** The one who hears of one share. */
  ProduceShare.Listener listener(int index) {
    return new ProduceShare.Listener() {
      @Override
      public void onBatchesFree() {
        if (unwritten.decrementAndGet() == 0) {
          request.releasePayload();
        }
      }

      @Override
      public void onOutcome(AppendOutcome outcome) {
        outcomes.fill(index, outcome);
      }
    };
  }

  private void answer(List<AppendOutcome> all) {
    if (produce.getDurability() == Durability.NONE) {
      request.drop();
      return;
    }
    ProduceResponse.Builder response = ProduceResponse.newBuilder();
    for (int i = 0; i < all.size(); i++) {
      response.addResults(result(produce.getPartitions(i), all.get(i)));
    }
    request.answer(Response.newBuilder().setProduce(response), List.of());
  }

  private static ProduceResult result(ProducePartition partition, AppendOutcome outcome) {
    ProduceResult.Builder result =
        ProduceResult.newBuilder()
            .setTopicId(partition.getTopicId())
            .setPartition(partition.getPartition());
    if (outcome instanceof AppendOutcome.Refused refused) {
      return result.setError(refused.refusal().toError()).build();
    }
    AppendOutcome.Appended appended = (AppendOutcome.Appended) outcome;
    return result
        .addAllBaseOffsets(appended.baseOffsets())
        .setAppendTimestampMs(appended.appendTimestampMillis())
        .setLeaderEpoch(appended.leaderEpoch())
        .setReached(appended.reached())
        .setReplicas(appended.replicas())
        .setFlushed(appended.flushed())
        .build();
  }
}
