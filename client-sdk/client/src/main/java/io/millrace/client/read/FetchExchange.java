package io.millrace.client.read;

import io.millrace.client.cluster.BrokerErrors;
import io.millrace.rpc.Connection;
import io.millrace.rpc.Reply;
import io.millrace.rpc.ReplyHandler;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.Request;
import java.nio.ByteBuffer;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One fetch request under way. On the client's loop. */
final class FetchExchange implements ReplyHandler {
  private static final Logger log = LoggerFactory.getLogger(FetchExchange.class);

  private final FetchEngine engine;
  private final FetchLane lane;
  private final Connection connection;
  private final List<Asked> asked;
  private long reservedBytes;

  FetchExchange(FetchEngine engine, FetchLane lane, Connection connection, List<Asked> asked) {
    this.engine = engine;
    this.lane = lane;
    this.connection = connection;
    this.asked = asked;
  }

  void send(long room) {
    FetchSettings settings = engine.settings();
    int maxBytes = (int) Math.min(settings.maxBytes(), room);
    int maxPartitionBytes = Math.min(settings.maxPartitionBytes(), maxBytes);
    FetchRequest.Builder fetch =
        FetchRequest.newBuilder()
            .setMaxWaitMs((int) settings.maxWaitMillis())
            .setMinBytes(settings.minBytes())
            .setMaxBytes(maxBytes);
    for (Asked each : asked) {
      FetchPartition.Builder partition =
          FetchPartition.newBuilder()
              .setTopicId(each.topicId())
              .setPartition(each.fetch().partition().partition())
              .setFetchOffset(each.offset())
              .setLeaderEpoch(each.leaderEpoch())
              .setMaxBytes(maxPartitionBytes);
      if (each.fetch().lastEpoch() != PartitionFetch.NO_EPOCH) {
        partition.setLastEpoch(each.fetch().lastEpoch());
      }
      fetch.addPartitions(partition);
    }
    reservedBytes = Math.min(maxBytes, (long) maxPartitionBytes * asked.size());
    engine.reserve(reservedBytes);
    lane.sent();
    connection.send(
        Request.newBuilder().setFetch(fetch),
        List.of(),
        settings.requestTimeoutNanos(),
        true,
        this);
  }

  @Override
  public void onReply(Reply reply) {
    lane.answered();
    engine.reserve(-reservedBytes);
    if (reply instanceof Reply.Answered answered) {
      if (answered.response().hasError()) {
        refusedWhole(answered.response().getError());
      } else {
        ByteBuffer payload = copy(answered.payload());
        read(FetchAnswer.split(answered.response().getFetch(), payload, asked));
      }
      answered.memory().release();
    } else if (reply instanceof Reply.Unknown unknown) {
      if (unknown.timedOut()) {
        connection.close();
      }
      retryAll(unknown.why());
    } else if (reply instanceof Reply.NotSent notSent) {
      retryAll(notSent.why());
    }
    engine.goOn(asked, lane);
  }

  /** Onto the heap: records stay valid for as long as anybody holds them. */
  private static ByteBuffer copy(ByteBuffer payload) {
    return ByteBuffer.allocate(payload.remaining()).put(payload.duplicate()).flip();
  }

  private void refusedWhole(Error error) {
    for (Asked each : asked) {
      if (each.isCurrent()) {
        refused(each, error);
      }
    }
  }

  private void retryAll(String why) {
    for (Asked each : asked) {
      if (each.isCurrent()) {
        engine.lookAgainAndRetry(each.fetch(), why);
      }
    }
  }

  private void read(FetchAnswer.Split split) {
    if (split instanceof FetchAnswer.Split.Senseless senseless) {
      nonsense(senseless.why());
      retryAll(senseless.why());
    } else if (split instanceof FetchAnswer.Split.Parts parts) {
      for (Asked each : asked) {
        FetchAnswer.Part part = parts.parts().get(each);
        if (part != null && each.isCurrent()) {
          take(each, FetchAnswer.of(each, part));
        }
      }
    }
  }

  private void take(Asked question, FetchAnswer answer) {
    PartitionFetch fetch = question.fetch();
    if (answer instanceof FetchAnswer.Fresh fresh) {
      engine.fresh(question, fresh);
    } else if (answer instanceof FetchAnswer.OutOfRange outOfRange) {
      engine.stop(
          fetch,
          new Fetched.OutOfRange(
              fetch.partition(),
              fetch.version(),
              question.offset(),
              outOfRange.belowStart(),
              false,
              outOfRange.why()));
    } else if (answer instanceof FetchAnswer.Refused refused) {
      refused(question, refused.error());
    } else if (answer instanceof FetchAnswer.Outdated outdated) {
      engine.lookAgainAndRetry(
          fetch, "an answer from leader epoch " + outdated.leaderEpoch() + ", which has ended");
    } else if (answer instanceof FetchAnswer.Nonsense nonsense) {
      nonsense(fetch.partition() + ": " + nonsense.why());
      engine.lookAgainAndRetry(fetch, nonsense.why());
    }
  }

  private void refused(Asked question, Error error) {
    PartitionFetch fetch = question.fetch();
    switch (BrokerErrors.verdict(error)) {
      case LATER, UNKNOWN -> engine.retry(fetch, error.getMessage());
      case LOOK_AGAIN -> engine.lookAgainAndRetry(fetch, error.getMessage());
      case NEVER ->
          engine.stop(
              fetch,
              new Fetched.Failed(
                  fetch.partition(),
                  fetch.version(),
                  BrokerErrors.exception(
                      error, fetch.partition().topic(), fetch.partition().partition())));
    }
  }

  private void nonsense(String why) {
    log.warn("{} answered a fetch against the protocol: {}", connection.remote(), why);
    connection.close();
  }
}
