package io.millrace.client.consumer;

import io.millrace.rpc.Connection;
import io.millrace.rpc.Reply;
import io.millrace.rpc.ReplyHandler;
import io.millrace.wire.v1.FetchResponse;
import io.millrace.wire.v1.FetchResult;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One fetch from its sending to its end. On the client's loop. */
final class FetchExchange implements ReplyHandler {
  private static final Logger log = LoggerFactory.getLogger(FetchExchange.class);

  /** A leader that answers emptily without having waited for so long is asked more slowly. */
  private static final long QUICK_NANOS = 10_000_000;

  private final LeaderLane lane;
  private final FetchEngine engine;
  private final Connection connection;
  private final List<FetchTarget> asked;
  private final int answerBytes;
  private final long sentNanos;
  private boolean progress;

  FetchExchange(
      LeaderLane lane,
      FetchEngine engine,
      Connection connection,
      List<FetchTarget> asked,
      int answerBytes,
      long sentNanos) {
    this.lane = lane;
    this.engine = engine;
    this.connection = connection;
    this.asked = asked;
    this.answerBytes = answerBytes;
    this.sentNanos = sentNanos;
  }

  @Override
  public void onReply(Reply reply) {
    lane.ended(answerBytes);
    for (FetchTarget target : asked) {
      if (target.state == FetchTarget.State.IN_FLIGHT) {
        target.state = FetchTarget.State.READY;
      }
    }
    if (reply instanceof Reply.Answered answered) {
      answered(answered);
    } else if (reply instanceof Reply.Unknown unknown) {
      if (unknown.timedOut()) {
        connection.close();
      }
      failed(unknown.why());
    } else if (reply instanceof Reply.NotSent notSent) {
      failed(notSent.why());
    }
    engine.exchangeEnded();
  }

  private void answered(Reply.Answered answered) {
    FetchedFrame frame =
        new FetchedFrame(answered.memory(), answered.payload().remaining(), engine.prefetched());
    try {
      if (engine.isClosed()) {
        return;
      }
      if (answered.response().hasError()) {
        lane.failed();
        asked.forEach(target -> engine.refused(target, answered.response().getError()));
        return;
      }
      FetchResponse response = answered.response().getFetch();
      String nonsense = nonsense(response, answered.payload());
      if (nonsense != null) {
        log.warn("broker {} answered a fetch with {}", lane.leader(), nonsense);
        connection.close();
        failed(nonsense);
        return;
      }
      lane.succeeded();
      share(response, answered.payload(), frame);
      slowDownIfQuick();
    } finally {
      frame.leave();
    }
  }

  /** What is wrong with the answer as a whole, so that none of it can be believed: B95. */
  private @Nullable String nonsense(FetchResponse response, ByteBuffer payload) {
    if (response.getResultsCount() != asked.size()) {
      return response.getResultsCount() + " results where " + asked.size() + " are due";
    }
    long sizes = 0;
    for (int i = 0; i < asked.size(); i++) {
      FetchResult result = response.getResults(i);
      FetchTarget target = asked.get(i);
      if (result.getPartition() != target.partition().partition()
          || !result.getTopicId().equals(target.run().topicId())) {
        return "a result for "
            + result.getTopicId()
            + "/"
            + result.getPartition()
            + " where that for "
            + target.run().topicId()
            + "/"
            + target.partition().partition()
            + " is due";
      }
      if (result.getSize() < 0 || (result.getSize() > 0 && result.hasError())) {
        return "a share of " + result.getSize() + " bytes for " + target.partition();
      }
      sizes += result.getSize();
    }
    return sizes == payload.remaining()
        ? null
        : "shares of " + sizes + " bytes in a payload of " + payload.remaining();
  }

  private void share(FetchResponse response, ByteBuffer payload, FetchedFrame frame) {
    int position = payload.position();
    for (int i = 0; i < asked.size(); i++) {
      FetchResult result = response.getResults(i);
      FetchTarget target = asked.get(i);
      if (target.state == FetchTarget.State.READY) {
        target.run().setLeader(lane.leader());
        ByteBuffer share = payload.slice(position, result.getSize());
        progress |= engine.answered(target, result, share, frame);
      }
      position += result.getSize();
    }
  }

  private void slowDownIfQuick() {
    long took = connection.loop().clock().nanoTime() - sentNanos;
    if (!progress && took < QUICK_NANOS) {
      lane.slowDown(QUICK_NANOS - took);
    }
  }

  private void failed(String why) {
    lane.failed();
    engine.unanswered(asked, "broker " + lane.leader() + ": " + why);
  }
}
