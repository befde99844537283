package io.millrace.client.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.client.Explanation;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.BrokerUnavailableException;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.wire.v1.DescribeTopicsRequest;
import io.millrace.wire.v1.ExplainPartition;
import io.millrace.wire.v1.ExplainRequest;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks why a partition is as it is: any broker who its replicas are, then the leader, then the
 * other replicas, then whoever lives, until one answers. Made for a cluster in which something is
 * wrong, so nobody is waited for long. On the client's loop.
 */
public final class ExplainCall {
  /** A broker answers this from memory; one that does not within this is part of the trouble. */
  private static final long PATIENCE_NANOS = SECONDS.toNanos(3);

  private final Cluster cluster;
  private final TopicPartition partition;
  private final long deadlineNanos;
  private final Done<Explanation> done;

  private final Deque<Integer> toAsk = new ArrayDeque<>();
  private @Nullable BrokerCall call;
  private @Nullable MillraceException trouble;
  private boolean ended;

  private ExplainCall(
      Cluster cluster, TopicPartition partition, long timeoutNanos, Done<Explanation> done) {
    this.cluster = cluster;
    this.partition = partition;
    this.deadlineNanos = cluster.clock().nanoTime() + timeoutNanos;
    this.done = done;
  }

  /**
   * Asks.
   *
   * @return what ends it before its time
   */
  public static Runnable start(
      Cluster cluster, TopicPartition partition, long timeoutNanos, Done<Explanation> done) {
    ExplainCall explain = new ExplainCall(cluster, partition, timeoutNanos, done);
    DescribeTopicsRequest.Builder describe =
        DescribeTopicsRequest.newBuilder().addNames(partition.topic());
    explain.call =
        BrokerCall.start(
            cluster,
            () -> Request.newBuilder().setDescribeTopics(describe),
            true,
            partition.topic(),
            timeoutNanos,
            explain::described);
    return explain::close;
  }

  private void described(@Nullable Response response, @Nullable MillraceException e) {
    if (ended) {
      return;
    }
    if (response == null) {
      end(null, e);
      return;
    }
    TopicInfo topic =
        response.getDescribeTopics().getTopicsCount() == 0
            ? TopicInfo.getDefaultInstance()
            : response.getDescribeTopics().getTopics(0);
    if (topic.hasError()) {
      end(null, BrokerErrors.exception(topic.getError(), partition.topic(), -1));
      return;
    }
    Set<Integer> order = new LinkedHashSet<>();
    for (PartitionInfo each : topic.getPartitionsList()) {
      if (each.getPartition() == partition.partition()) {
        if (each.hasLeader()) {
          order.add(each.getLeader());
        }
        order.addAll(each.getReplicasList());
      }
    }
    order.addAll(cluster.brokerIds());
    order.removeIf(id -> id < 0); // no id of ours is so large
    toAsk.addAll(order);
    askNext();
  }

  private void askNext() {
    Integer broker = toAsk.poll();
    long leftNanos = deadlineNanos - cluster.clock().nanoTime();
    if (broker == null || leftNanos <= 0) {
      end(null, trouble != null ? trouble : new TimedOutException("nobody could be asked in time"));
      return;
    }
    ExplainRequest.Builder explain =
        ExplainRequest.newBuilder()
            .setPartition(
                ExplainPartition.newBuilder()
                    .setTopic(partition.topic())
                    .setPartition(partition.partition()));
    Supplier<Request.Builder> request = () -> Request.newBuilder().setExplain(explain);
    call =
        BrokerCall.startAt(
            broker,
            cluster,
            request,
            Math.min(leftNanos, PATIENCE_NANOS),
            (response, e) -> answered(broker, response, e));
  }

  private void answered(int broker, @Nullable Response response, @Nullable MillraceException e) {
    if (ended) {
      return;
    }
    if (response != null) {
      Explanation explanation;
      try {
        explanation = Descriptions.explanation(broker, response.getExplain());
      } catch (MillraceException nonsense) {
        failed(nonsense);
        return;
      }
      end(explanation, null);
    } else if (e != null) {
      failed(e);
    }
  }

  private void failed(MillraceException e) {
    if (e instanceof UnknownTopicException || e instanceof UnknownPartitionException) {
      end(null, e);
      return;
    }
    // What somebody said is worth more to a person than that somebody else was not there.
    if (trouble == null || !(e instanceof BrokerUnavailableException)) {
      trouble = e;
    }
    cluster.loop().execute(this::askNextUnlessEnded); // a refusal may come from within the asking
  }

  private void askNextUnlessEnded() {
    if (!ended) {
      askNext();
    }
  }

  private void close() {
    if (!ended) {
      end(null, new ClosedException("the client has been closed"));
    }
  }

  private void end(@Nullable Explanation explanation, @Nullable MillraceException e) {
    ended = true;
    BrokerCall last = call;
    if (last != null) {
      last.close(); // does nothing to one that has ended
    }
    done.done(explanation, e);
  }
}
