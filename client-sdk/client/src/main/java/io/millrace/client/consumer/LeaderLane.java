package io.millrace.client.consumer;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.client.cluster.Cluster;
import io.millrace.rpc.Connection;
import io.millrace.rpc.Timer;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.Request;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The fetches under way to one leader. Belongs to the client's loop.
 *
 * <p>As a rule there is one, for all of its partitions, which waits at the leader until there are
 * records. A partition that it does not ask for, because enough was held of it, or because it has
 * been resumed or sought since, gets one of its own at once and does not wait for that wait's end.
 */
final class LeaderLane {
  private static final int MOST_UNDER_WAY = 4;

  private final int leader;
  private final FetchEngine engine;
  private final Cluster cluster;

  private int underWay;
  private long reservedBytes;
  private int failures;
  private @Nullable Timer pause;

  LeaderLane(int leader, FetchEngine engine, Cluster cluster) {
    this.leader = leader;
    this.engine = engine;
    this.cluster = cluster;
  }

  int leader() {
    return leader;
  }

  /** What the answers on their way may bring. */
  long reservedBytes() {
    return reservedBytes;
  }

  boolean isAsked() {
    return underWay > 0;
  }

  boolean mayAsk() {
    return underWay < MOST_UNDER_WAY && pause == null;
  }

  /**
   * Asks for these partitions, as many as the leader takes in one request.
   *
   * @param targets ready, led by this leader, as long as this goes
   * @param partitionBytes of each, in the same order
   */
  void ask(List<FetchTarget> targets, int[] partitionBytes, int answerBytes) {
    Connection connection = cluster.connection(leader);
    if (connection == null || !connection.canSend(0)) {
      return; // until onBroker
    }
    int most = connection.hello().getLimits().getMaxPartitionsPerRequest();
    int count = most > 0 ? Math.min(most, targets.size()) : targets.size();
    FetchSettings settings = engine.settings();
    FetchRequest.Builder request =
        FetchRequest.newBuilder()
            .setMaxWaitMs(settings.maxWaitMillis())
            .setMinBytes(Math.min(settings.minBytes(), answerBytes))
            .setMaxBytes(answerBytes);
    List<FetchTarget> asked = List.copyOf(targets.subList(0, count));
    for (int i = 0; i < count; i++) {
      request.addPartitions(question(asked.get(i), partitionBytes[i]));
    }
    underWay++;
    reservedBytes += answerBytes;
    FetchExchange exchange =
        new FetchExchange(this, engine, connection, asked, answerBytes, cluster.clock().nanoTime());
    connection.send(
        Request.newBuilder().setFetch(request),
        List.of(),
        settings.requestTimeoutNanos(),
        true,
        exchange);
  }

  private FetchPartition question(FetchTarget target, int bytes) {
    target.state = FetchTarget.State.IN_FLIGHT;
    FetchPartition.Builder question =
        FetchPartition.newBuilder()
            .setTopicId(target.run().topicId())
            .setPartition(target.partition().partition())
            .setFetchOffset(target.offset)
            .setMaxBytes(bytes);
    if (target.askedEpoch >= 0) {
      question.setLeaderEpoch(target.askedEpoch);
    }
    if (target.lastEpoch != StartAt.NO_EPOCH) {
      question.setLastEpoch(target.lastEpoch);
    }
    if (target.run().damagedOffset() == target.offset) {
      question.setDamagedOffset(target.offset);
    }
    return question.build();
  }

  /** An exchange has ended. */
  void ended(int answerBytes) {
    underWay--;
    reservedBytes -= answerBytes;
  }

  void succeeded() {
    failures = 0;
  }

  /** The leader could not be asked, or did not give an answer: not again for a while. */
  void failed() {
    pauseFor(MILLISECONDS.toNanos(cluster.backoffMillis(++failures)));
  }

  /** The leader did not wait, although there was nothing to tell. */
  void slowDown(long nanos) {
    pauseFor(nanos);
  }

  private void pauseFor(long nanos) {
    if (pause == null) {
      pause = cluster.loop().schedule(nanos, this::endPause);
    }
  }

  private void endPause() {
    pause = null;
    engine.askLeaders();
  }

  void close() {
    if (pause != null) {
      pause.cancel();
    }
  }
}
