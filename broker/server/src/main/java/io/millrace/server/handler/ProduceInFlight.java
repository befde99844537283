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
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A produce request whose shares are on their way. Shared by the loops that own its partitions:
 * each writes the slot of its own share, and the one that writes the last slot answers.
 *
 * <p>If the sender takes parts, one partition whose records wait for a replica that is ill does not
 * keep the others' outcomes from it: what there is is told now and then, on the connection's loop,
 * which then also answers.
 */
final class ProduceInFlight {
  /** Between one part and the next; much more than a request needs while all are in health. */
  private static final long PART_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final InboundRequest request;
  private final ProduceRequest produce;
  private final Gather<AppendOutcome> outcomes;
  private final AtomicInteger unwritten;
  private final boolean inParts;

  // In parts, on the connection's loop.
  private final BitSet told = new BitSet();
  private boolean ended;

  ProduceInFlight(InboundRequest request) {
    this.request = request;
    this.produce = request.head().getProduce();
    int count = produce.getPartitionsCount();
    this.outcomes = new Gather<>(count, this::outcomesAreThere);
    this.unwritten = new AtomicInteger(count);
    this.inParts = produce.getInParts() && count > 1 && produce.getDurability() != Durability.NONE;
  }

  /** On the connection's loop, when all shares have been handed out. */
  void handedOut() {
    if (inParts && !ended) {
      tellPartLater();
    }
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

  private void outcomesAreThere(List<AppendOutcome> all) {
    if (produce.getDurability() == Durability.NONE) {
      request.drop();
    } else if (!inParts || request.loop().inLoop()) {
      answer(all);
    } else {
      request.loop().execute(() -> answer(all));
    }
  }

  private void answer(List<AppendOutcome> all) {
    ended = true;
    ProduceResponse.Builder response = ProduceResponse.newBuilder();
    for (int i = 0; i < all.size(); i++) {
      if (!told.get(i)) {
        response.addResults(result(produce.getPartitions(i), all.get(i)));
      }
    }
    request.answer(Response.newBuilder().setProduce(response), List.of());
  }

  private void tellPartLater() {
    request.loop().schedule(PART_NANOS, this::tellPart);
  }

  /** Leaves at least one outcome to the answer itself. */
  private void tellPart() {
    if (ended || !request.isOpen()) {
      return;
    }
    int count = produce.getPartitionsCount();
    ProduceResponse.Builder part = ProduceResponse.newBuilder();
    BitSet inThis = new BitSet();
    for (int i = 0; i < count; i++) {
      AppendOutcome outcome = told.get(i) ? null : outcomes.get(i);
      if (outcome != null) {
        part.addResults(result(produce.getPartitions(i), outcome));
        inThis.set(i);
      }
    }
    if (told.cardinality() + inThis.cardinality() == count) {
      return; // the answer is on its way to this loop
    }
    if (!inThis.isEmpty()) {
      told.or(inThis);
      request.answerPart(Response.newBuilder().setProduce(part));
    }
    tellPartLater();
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
