package io.millrace.client.cluster;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.client.CompactResult;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.ProtocolException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.wire.v1.CompactPartition;
import io.millrace.wire.v1.CompactRequest;
import io.millrace.wire.v1.DescribeTopicsRequest;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Has a topic compacted: asks any broker who its replicas are, and then each of them for its own;
 * again where there was no time to wait for it. On the client's loop.
 */
public final class CompactCall {
  private static final Comparator<CompactResult> ORDER =
      Comparator.comparing((CompactResult result) -> result.partition().partition())
          .thenComparing(CompactResult::brokerId);

  private static final int DESCRIBING = -1;

  /** A broker says only after a while that it takes longer; should one say so at once. */
  private static final long PAUSE_NANOS = MILLISECONDS.toNanos(50);

  /** With less left it is not asked again. */
  private static final long LEAST_NANOS = 4 * PAUSE_NANOS;

  private final Cluster cluster;
  private final String topic;
  private final Set<Integer> wanted;
  private final long deadlineNanos;
  private final Done<List<CompactResult>> done;
  private final List<CompactResult> results = new ArrayList<>();

  /** By broker, or {@link #DESCRIBING}. */
  private final Map<Integer, BrokerCall> calls = new TreeMap<>();

  private final Map<Integer, List<CompactPartition>> left = new TreeMap<>();
  private String topicId = "";
  private boolean ended;

  private CompactCall(
      Cluster cluster,
      String topic,
      Collection<Integer> partitions,
      long timeoutNanos,
      Done<List<CompactResult>> done) {
    this.cluster = cluster;
    this.topic = topic;
    this.wanted = new TreeSet<>(partitions);
    this.deadlineNanos = cluster.clock().nanoTime() + timeoutNanos;
    this.done = done;
  }

  /**
   * Asks.
   *
   * @param partitions empty: all
   * @param describeNanos how long it may take to learn who the replicas are
   * @param timeoutNanos how long all of it may take
   * @param done hears of each replica, by partition and broker
   * @return what ends it before its time
   */
  public static Runnable start(
      Cluster cluster,
      String topic,
      Collection<Integer> partitions,
      long describeNanos,
      long timeoutNanos,
      Done<List<CompactResult>> done) {
    CompactCall compact = new CompactCall(cluster, topic, partitions, timeoutNanos, done);
    DescribeTopicsRequest.Builder describe = DescribeTopicsRequest.newBuilder().addNames(topic);
    BrokerCall call =
        BrokerCall.start(
            cluster,
            () -> Request.newBuilder().setDescribeTopics(describe),
            true,
            topic,
            describeNanos,
            compact::described);
    compact.calls.put(DESCRIBING, call);
    return compact::close;
  }

  private void described(@Nullable Response response, @Nullable MillraceException e) {
    if (ended) {
      return;
    }
    TopicInfo info =
        response == null || response.getDescribeTopics().getTopicsCount() == 0
            ? null
            : response.getDescribeTopics().getTopics(0);
    if (info == null) {
      end(e != null ? e : new ProtocolException("the answer does not describe topic " + topic));
    } else if (info.hasError()) {
      end(BrokerErrors.exception(info.getError(), topic, -1));
    } else {
      topicId = info.getTopicId();
      askAll(info);
    }
  }

  private void askAll(TopicInfo info) {
    for (PartitionInfo each : info.getPartitionsList()) {
      if (wanted.isEmpty() || wanted.contains(each.getPartition())) {
        CompactPartition.Builder partition =
            CompactPartition.newBuilder().setTopicId(topicId).setPartition(each.getPartition());
        for (int broker : each.getReplicasList()) {
          left.computeIfAbsent(broker, id -> new ArrayList<>()).add(partition.build());
        }
      }
    }
    for (int number : wanted) {
      if (number < 0 || number >= info.getPartitionsCount()) {
        end(
            new UnknownPartitionException(
                topic,
                number,
                "topic %s has no partition %d; it has 0 to %d"
                    .formatted(topic, number, info.getPartitionsCount() - 1)));
        return;
      }
    }
    List.copyOf(left.keySet()).forEach(this::ask);
    endIfAllHaveAnswered(); // a topic without replicas
  }

  private void ask(int broker) {
    if (ended) {
      return;
    }
    CompactRequest.Builder compact =
        CompactRequest.newBuilder().addAllPartitions(left.getOrDefault(broker, List.of()));
    long leftNanos = Math.max(1, deadlineNanos - cluster.clock().nanoTime());
    calls.put(
        broker,
        BrokerCall.startAt(
            broker,
            cluster,
            () -> Request.newBuilder().setCompact(compact),
            leftNanos,
            // A refusal may come from within the asking.
            (response, e) -> cluster.loop().execute(() -> answered(broker, response, e))));
  }

  private void answered(int broker, @Nullable Response response, @Nullable MillraceException e) {
    if (ended) {
      return;
    }
    List<CompactPartition> asked = left.getOrDefault(broker, List.of());
    List<CompactPartition> again = new ArrayList<>();
    List<io.millrace.wire.v1.CompactResult> told =
        response == null ? List.of() : response.getCompact().getResultsList();
    boolean hasTime = deadlineNanos - cluster.clock().nanoTime() > LEAST_NANOS;
    for (int i = 0; i < asked.size(); i++) {
      CompactPartition each = asked.get(i);
      if (i >= told.size() || told.get(i).getPartition() != each.getPartition()) {
        MillraceException why = e != null ? e : new ProtocolException("an answer is missing");
        results.add(new CompactResult.Failed(id(each.getPartition()), broker, why));
      } else if (hasTime && isUnderWay(told.get(i))) {
        again.add(each.toBuilder().setBeforeOffset(told.get(i).getWantedTo()).build());
      } else {
        results.add(read(broker, told.get(i)));
      }
    }
    if (again.isEmpty()) {
      left.remove(broker);
      endIfAllHaveAnswered();
    } else {
      left.put(broker, again);
      cluster.loop().schedule(PAUSE_NANOS, () -> ask(broker));
    }
  }

  private static boolean isUnderWay(io.millrace.wire.v1.CompactResult result) {
    return result.getError().getCode() == ErrorCode.TIMED_OUT && result.hasWantedTo();
  }

  private CompactResult read(int broker, io.millrace.wire.v1.CompactResult result) {
    TopicPartition partition = id(result.getPartition());
    if (result.hasError()) {
      MillraceException error =
          result.getError().getCode() == ErrorCode.TIMED_OUT
              ? new TimedOutException(partition + ": " + result.getError().getMessage())
              : BrokerErrors.exception(result.getError(), topic, result.getPartition());
      return new CompactResult.Failed(partition, broker, error);
    }
    return new CompactResult.Compacted(
        partition,
        broker,
        result.getCleanedTo(),
        result.getDroppedRecords(),
        new CompactResult.Files(result.getSegmentsBefore(), result.getBytesBefore()),
        new CompactResult.Files(result.getSegmentsAfter(), result.getBytesAfter()));
  }

  private TopicPartition id(int partition) {
    return new TopicPartition(topic, partition);
  }

  private void endIfAllHaveAnswered() {
    if (left.isEmpty() && !ended) {
      ended = true;
      done.done(results.stream().sorted(ORDER).toList(), null);
    }
  }

  private void close() {
    if (!ended) {
      end(new ClosedException("the client has been closed"));
    }
  }

  private void end(MillraceException e) {
    ended = true;
    List.copyOf(calls.values()).forEach(BrokerCall::close); // does nothing to those that have ended
    done.done(null, e);
  }
}
