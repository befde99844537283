package io.millrace.client.cluster;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.client.ListedOffset;
import io.millrace.client.OffsetSpec;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.rpc.Connection;
import io.millrace.rpc.Reply;
import io.millrace.rpc.Timer;
import io.millrace.wire.v1.Earliest;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.Latest;
import io.millrace.wire.v1.ListOffsetsPartition;
import io.millrace.wire.v1.ListOffsetsRequest;
import io.millrace.wire.v1.ListOffsetsResult;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks the leaders of some partitions for offsets, again and again until each has answered or the
 * time is up. On the client's loop.
 */
public final class OffsetLookup implements ClusterListener {
  private final Cluster cluster;
  private final Map<TopicPartition, OffsetSpec> pending;
  private final Map<TopicPartition, ListedOffset> found = new HashMap<>();
  private final List<TopicPartition> order;
  private final Set<TopicPartition> inFlight = new HashSet<>();
  private final Set<String> lookingUp = new HashSet<>();
  private final BiConsumer<TopicPartition, ListedOffset> each;
  private final Done<Map<TopicPartition, ListedOffset>> done;
  private final Timer limit;
  private @Nullable Timer retry;
  private boolean ended;
  private int failures;
  private String trouble = "no leader is known";

  private OffsetLookup(
      Cluster cluster,
      Map<TopicPartition, OffsetSpec> partitions,
      long timeoutNanos,
      BiConsumer<TopicPartition, ListedOffset> each,
      Done<Map<TopicPartition, ListedOffset>> done) {
    this.each = each;
    this.done = done;
    this.cluster = cluster;
    this.pending = new LinkedHashMap<>(partitions);
    this.order = List.copyOf(partitions.keySet());
    this.limit = cluster.loop().schedule(timeoutNanos, this::timeUp);
  }

  /**
   * Asks.
   *
   * @param done hears the answers in the order asked for
   */
  public static OffsetLookup start(
      Cluster cluster,
      Map<TopicPartition, OffsetSpec> partitions,
      long timeoutNanos,
      Done<Map<TopicPartition, ListedOffset>> done) {
    return start(cluster, partitions, timeoutNanos, (partition, offset) -> {}, done);
  }

  /**
   * As above.
   *
   * @param each hears of each answer as soon as it is there
   */
  public static OffsetLookup start(
      Cluster cluster,
      Map<TopicPartition, OffsetSpec> partitions,
      long timeoutNanos,
      BiConsumer<TopicPartition, ListedOffset> each,
      Done<Map<TopicPartition, ListedOffset>> done) {
    cluster.loop().assertInLoop();
    OffsetLookup lookup = new OffsetLookup(cluster, partitions, timeoutNanos, each, done);
    cluster.addListener(lookup);
    lookup.attempt();
    return lookup;
  }

  @Override
  public void onTopic(KnownTopic topic) {
    attempt();
  }

  @Override
  public void onBroker(int brokerId) {
    attempt();
  }

  @Override
  public void onTopicGone(KnownTopic topic) {
    if (pending.keySet().stream().anyMatch(each -> each.topic().equals(topic.name()))) {
      fail(new UnknownTopicException(topic.name(), "topic " + topic.name() + " was deleted"));
    }
  }

  /** Asks every leader that is known and connected, and sees to it that the rest become so. */
  private void attempt() {
    if (ended) {
      return;
    }
    Map<Integer, List<TopicPartition>> byLeader = new TreeMap<>();
    for (TopicPartition partition : pending.keySet()) {
      if (!inFlight.contains(partition)) {
        OptionalInt leader = leader(partition);
        if (ended) {
          return;
        }
        if (leader.isPresent()) {
          byLeader.computeIfAbsent(leader.getAsInt(), id -> new ArrayList<>()).add(partition);
        }
      }
    }
    byLeader.forEach(this::ask);
    if (pending.isEmpty()) {
      succeed();
    } else if (inFlight.size() < pending.size() && retry == null) {
      long nanos = MILLISECONDS.toNanos(cluster.backoffMillis(++failures));
      retry = cluster.loop().schedule(nanos, this::retryNow);
    }
  }

  private void retryNow() {
    retry = null;
    attempt();
  }

  private OptionalInt leader(TopicPartition partition) {
    KnownTopic topic = cluster.topic(partition.topic());
    if (topic == null) {
      lookUp(partition.topic());
      return OptionalInt.empty();
    }
    if (partition.partition() >= topic.partitionCount()) {
      fail(
          new UnknownPartitionException(
              partition.topic(),
              partition.partition(),
              "topic " + topic.name() + " has " + topic.partitionCount() + " partitions"));
      return OptionalInt.empty();
    }
    OptionalInt leader = topic.leader(partition.partition());
    if (leader.isEmpty()) {
      trouble = "nobody leads " + partition;
      cluster.lookAgain(partition.topic());
    }
    return leader;
  }

  private void lookUp(String topic) {
    if (lookingUp.add(topic)) {
      cluster.lookup(
          topic,
          (known, e) -> {
            lookingUp.remove(topic);
            if (e != null) {
              fail(e);
            } else {
              attempt();
            }
          });
    }
  }

  private void ask(int leader, List<TopicPartition> partitions) {
    Connection connection = cluster.connection(leader);
    if (connection == null || !connection.canSend(0)) {
      trouble = "broker " + leader + ": " + cluster.trouble(leader);
      return; // until onBroker
    }
    int most = connection.hello().getLimits().getMaxPartitionsPerRequest();
    List<TopicPartition> asked =
        most > 0 && partitions.size() > most
            ? List.copyOf(partitions.subList(0, most)) // the others when this is answered
            : partitions;
    ListOffsetsRequest.Builder request = ListOffsetsRequest.newBuilder();
    Map<TopicPartition, KnownTopic> topics = new HashMap<>();
    for (TopicPartition partition : asked) {
      KnownTopic topic = cluster.topic(partition.topic());
      if (topic != null) {
        topics.put(partition, topic);
        request.addPartitions(question(partition, topic));
      }
    }
    inFlight.addAll(asked);
    connection.send(
        Request.newBuilder().setListOffsets(request),
        List.of(),
        cluster.settings().requestTimeoutNanos(),
        true,
        reply -> ended(leader, connection, asked, topics, reply));
  }

  private ListOffsetsPartition.Builder question(TopicPartition partition, KnownTopic topic) {
    ListOffsetsPartition.Builder question =
        ListOffsetsPartition.newBuilder()
            .setTopicId(topic.id())
            .setPartition(partition.partition())
            .setLeaderEpoch(topic.leaderEpoch(partition.partition()));
    OffsetSpec spec = pending.get(partition);
    if (spec instanceof OffsetSpec.Earliest) {
      question.setEarliest(Earliest.getDefaultInstance());
    } else if (spec instanceof OffsetSpec.ForTimestamp time) {
      question.setTimestampMs(time.timestamp());
    } else {
      question.setLatest(Latest.getDefaultInstance());
    }
    return question;
  }

  private void ended(
      int leader,
      Connection connection,
      List<TopicPartition> asked,
      Map<TopicPartition, KnownTopic> topics,
      Reply reply) {
    asked.forEach(inFlight::remove);
    if (reply instanceof Reply.Answered answered) {
      answered.memory().release();
      if (!ended) {
        answered(leader, connection, asked, topics, answered.response());
      }
    } else if (reply instanceof Reply.Unknown unknown) {
      trouble = "broker " + leader + ": " + unknown.why();
      if (unknown.timedOut()) {
        connection.close();
      }
    } else if (reply instanceof Reply.NotSent notSent) {
      trouble = "broker " + leader + ": " + notSent.why();
    }
    if (pending.isEmpty()) {
      succeed();
    } else if (retry == null && !ended) {
      retry =
          cluster
              .loop()
              .schedule(MILLISECONDS.toNanos(cluster.backoffMillis(++failures)), this::retryNow);
    }
  }

  private void answered(
      int leader,
      Connection connection,
      List<TopicPartition> asked,
      Map<TopicPartition, KnownTopic> topics,
      Response response) {
    if (response.hasError()) {
      refused(asked.get(0), response.getError());
      return;
    }
    List<ListOffsetsResult> results = response.getListOffsets().getResultsList();
    if (results.size() != asked.size()) {
      trouble = "broker " + leader + " gave " + results.size() + " answers for " + asked.size();
      connection.close();
      return;
    }
    for (int i = 0; i < results.size(); i++) {
      TopicPartition partition = asked.get(i);
      ListOffsetsResult each = results.get(i);
      KnownTopic topic = topics.get(partition);
      if (topic == null
          || !each.getTopicId().equals(topic.id())
          || each.getPartition() != partition.partition()) {
        trouble = "broker " + leader + " answered for another partition than " + partition;
        connection.close();
        return;
      }
      if (each.hasError()) {
        refused(partition, each.getError());
      } else {
        answered(leader, partition, topic, each);
      }
    }
  }

  private void answered(
      int leader, TopicPartition partition, KnownTopic topic, ListOffsetsResult answer) {
    if (answer.getLeaderEpoch() < topic.leaderEpoch(partition.partition())
        || answer.getOffset() < 0) {
      trouble = "broker " + leader + " gave an answer for " + partition + " that is out of date";
      cluster.lookAgain(partition.topic());
      return;
    }
    topic.seen(partition.partition(), answer.getLeaderEpoch());
    pending.remove(partition);
    ListedOffset offset =
        new ListedOffset(
            answer.hasOffset() ? OptionalLong.of(answer.getOffset()) : OptionalLong.empty(),
            answer.hasTimestampMs()
                ? OptionalLong.of(answer.getTimestampMs())
                : OptionalLong.empty(),
            answer.getLeaderEpoch());
    found.put(partition, offset);
    each.accept(partition, offset);
  }

  private void refused(TopicPartition partition, Error error) {
    trouble = partition + ": " + error.getMessage();
    switch (BrokerErrors.verdict(error)) {
      case LOOK_AGAIN -> cluster.lookAgain(partition.topic());
      case LATER, UNKNOWN -> {}
      case NEVER -> fail(BrokerErrors.exception(error, partition.topic(), partition.partition()));
    }
  }

  private void succeed() {
    Map<TopicPartition, ListedOffset> ordered = new LinkedHashMap<>();
    for (TopicPartition partition : order) {
      ListedOffset offset = found.get(partition);
      if (offset != null) {
        ordered.put(partition, offset);
      }
    }
    end();
    done.done(ordered, null);
  }

  private void timeUp() {
    fail(
        new TimedOutException(
            "the offsets of " + pending.keySet() + " could not be found out in time: " + trouble));
  }

  /** Ends it. */
  public void close() {
    fail(new ClosedException("the client has been closed"));
  }

  private void fail(MillraceException e) {
    if (!ended) {
      end();
      done.done(null, e);
    }
  }

  private void end() {
    ended = true;
    limit.cancel();
    if (retry != null) {
      retry.cancel();
    }
    cluster.removeListener(this);
  }
}
