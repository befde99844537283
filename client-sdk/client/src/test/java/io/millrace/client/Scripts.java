package io.millrace.client;

import io.millrace.client.fake.FakeBroker;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.InboundRequest;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.ProduceResponse;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/** What fake brokers are told to do in several tests. */
final class Scripts {
  private Scripts() {}

  /** So many times, then no more. */
  static FakeBroker.Script times(int count, FakeBroker.Script script) {
    int[] left = {count};
    return request -> left[0] > 0 && script.take(request) && left[0]-- > 0;
  }

  /** Of one kind of request only. */
  static FakeBroker.Script on(Request.ApiCase api, FakeBroker.Script script) {
    return request -> request.head().getApiCase() == api && script.take(request);
  }

  /** Refuses the request as a whole. */
  static FakeBroker.Script refuse(ErrorCode code) {
    return request -> {
      request.refuse(code, "scripted");
      return true;
    };
  }

  /** Refuses each partition of a produce request. */
  static FakeBroker.Script refuseEach(ErrorCode code) {
    return request -> {
      ProduceResponse.Builder response = ProduceResponse.newBuilder();
      for (ProducePartition each : request.head().getProduce().getPartitionsList()) {
        response.addResults(
            ProduceResult.newBuilder()
                .setTopicId(each.getTopicId())
                .setPartition(each.getPartition())
                .setError(Error.newBuilder().setCode(code).setMessage("scripted")));
      }
      request.answer(Response.newBuilder().setProduce(response), List.of());
      return true;
    };
  }

  /** Never answers. */
  static FakeBroker.Script silent() {
    return request -> true;
  }

  /** Appends, and then answers something else. */
  static FakeBroker.Script lie(FakeBroker broker, UnaryOperator<ProduceResponse.Builder> change) {
    return request -> {
      ProduceResponse.Builder truth = broker.append(request).toBuilder();
      request.answer(Response.newBuilder().setProduce(change.apply(truth)), List.of());
      return true;
    };
  }

  /**
   * Appends, and says of one partition, when the sender's time is up, that it has not been
   * confirmed: as a leader does that waits for a replica which is ill.
   */
  static FakeBroker.Script late(FakeBroker broker, int partition) {
    return on(
        Request.ApiCase.PRODUCE,
        request -> {
          boolean isLate =
              request.head().getProduce().getPartitionsList().stream()
                  .anyMatch(each -> each.getPartition() == partition);
          if (isLate) {
            ProduceResponse.Builder response = broker.append(request).toBuilder();
            response.getResultsBuilderList().stream()
                .filter(each -> each.getPartition() == partition)
                .forEach(
                    each ->
                        each.setError(
                            Error.newBuilder()
                                .setCode(ErrorCode.OUTCOME_UNKNOWN)
                                .setMessage("not confirmed in time")));
            EventLoop loop = request.loop();
            loop.schedule(
                request.deadlineNanos() - loop.clock().nanoTime(),
                () -> request.answer(Response.newBuilder().setProduce(response), List.of()));
          }
          return isLate;
        });
  }

  /**
   * Appends, tells in a part of all but one partition, and of that when the test says so.
   *
   * @param lie changes the part
   * @param late takes what tells the rest
   */
  static FakeBroker.Script inParts(
      FakeBroker broker,
      int partition,
      UnaryOperator<ProduceResponse.Builder> lie,
      List<Runnable> late) {
    return on(
        Request.ApiCase.PRODUCE,
        request -> {
          ProduceResponse.Builder part = ProduceResponse.newBuilder();
          ProduceResponse.Builder rest = ProduceResponse.newBuilder();
          for (ProduceResult each : broker.append(request).getResultsList()) {
            (each.getPartition() == partition ? rest : part).addResults(each);
          }
          request.answerPart(Response.newBuilder().setProduce(lie.apply(part)));
          late.add(
              () ->
                  request
                      .loop()
                      .execute(
                          () -> request.answer(Response.newBuilder().setProduce(rest), List.of())));
          return true;
        });
  }

  /**
   * Keeps requests until it is let go. The test's thread lets go, the broker's loop keeps: whatever
   * comes meanwhile is behind what was kept, and is not kept for ever.
   */
  static final class Hold implements FakeBroker.Script {
    private final Request.ApiCase api;
    final List<InboundRequest> held = new CopyOnWriteArrayList<>();
    private boolean gone;

    Hold(Request.ApiCase api) {
      this.api = api;
    }

    @Override
    public synchronized boolean take(InboundRequest request) {
      return !gone && request.head().getApiCase() == api && held.add(request);
    }

    synchronized void letGo(FakeBroker broker) {
      gone = true;
      broker.unscript(this);
      held.forEach(broker::obey);
      held.clear();
    }
  }
}
