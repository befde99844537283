package io.millrace.client.cluster;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.client.TopicPartition;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.NotLeaderException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.rpc.Connection;
import io.millrace.rpc.Reply;
import io.millrace.rpc.Timer;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.Response;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Asks the leaders of some partitions, again and again until each partition has ended or the time
 * is up. On the client's loop.
 */
final class LeaderCall<A> implements ClusterListener {
  /** Hears of each partition exactly once, unless the call is closed without a word. */
  interface Listener<A> {
    void answered(TopicPartition partition, A answer);

    void failed(TopicPartition partition, MillraceException e);

    /** Every partition has been told of. */
    void finished();
  }

  private final Cluster cluster;
  private final LeaderApi<A> api;
  private final Listener<A> listener;
  private final Set<TopicPartition> pending;
  private final Set<TopicPartition> inFlight = new HashSet<>();
  private final Set<String> lookingUp = new HashSet<>();
  private final Timer limit;
  private @Nullable Timer retry;
  private boolean ended;
  private int failures;
  private String trouble = "no leader is known";

  /** What was said instead of what was asked, by a broker or the store; null: nothing was, last. */
  private @Nullable MillraceException lastAnswer;

  /** The broker that could not be connected to last. */
  private int troubledBy = -1;

  // Of an api that changes something: which topic it was begun with, and what may have been done.
  private final Map<String, String> begunWith = new HashMap<>();
  private final Set<TopicPartition> maybeDone = new HashSet<>();

  private LeaderCall(
      Cluster cluster,
      LeaderApi<A> api,
      Collection<TopicPartition> partitions,
      long timeoutNanos,
      Listener<A> listener) {
    this.cluster = cluster;
    this.api = api;
    this.listener = listener;
    this.pending = new LinkedHashSet<>(partitions);
    this.limit = cluster.loop().schedule(timeoutNanos, this::timeUp);
  }

  /** Asks. The listener may be told from within this call. */
  static <A> LeaderCall<A> start(
      Cluster cluster,
      LeaderApi<A> api,
      Collection<TopicPartition> partitions,
      long timeoutNanos,
      Listener<A> listener) {
    cluster.loop().assertInLoop();
    LeaderCall<A> call = new LeaderCall<>(cluster, api, partitions, timeoutNanos, listener);
    cluster.addListener(call);
    call.attempt();
    return call;
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
    for (TopicPartition partition : List.copyOf(pending)) {
      if (partition.topic().equals(topic.name())) {
        String message = "topic " + topic.name() + " was deleted";
        fail(partition, new UnknownTopicException(topic.name(), message));
      }
    }
    attempt();
  }

  /** Asks every leader that is known and connected, and sees to it that the rest become so. */
  private void attempt() {
    if (ended) {
      return;
    }
    Map<Integer, List<LeaderApi.Asked>> byLeader = new TreeMap<>();
    for (TopicPartition partition : List.copyOf(pending)) {
      if (!inFlight.contains(partition)) {
        KnownTopic topic = topic(partition);
        OptionalInt leader = topic == null ? OptionalInt.empty() : leader(partition, topic);
        if (ended) {
          return;
        }
        if (topic != null && leader.isPresent()) {
          byLeader
              .computeIfAbsent(leader.getAsInt(), id -> new ArrayList<>())
              .add(
                  new LeaderApi.Asked(
                      partition, topic.id(), topic.leaderEpoch(partition.partition())));
        }
      }
    }
    byLeader.forEach(this::ask);
    if (pending.isEmpty()) {
      finish();
    } else if (inFlight.size() < pending.size()) {
      retryLater();
    }
  }

  private void retryLater() {
    if (retry == null && !ended) {
      long nanos = MILLISECONDS.toNanos(cluster.backoffMillis(++failures));
      retry =
          cluster
              .loop()
              .schedule(
                  nanos,
                  () -> {
                    retry = null;
                    attempt();
                  });
    }
  }

  /** Null when it has to be looked up first, or when there is no such partition. */
  private @Nullable KnownTopic topic(TopicPartition partition) {
    KnownTopic topic = cluster.topic(partition.topic());
    if (topic == null) {
      lookUp(partition.topic());
      return null;
    }
    String begun = api.changes() ? begunWith.putIfAbsent(topic.name(), topic.id()) : null;
    if (begun != null && !begun.equals(topic.id())) {
      String message = "topic " + topic.name() + " was deleted and made anew meanwhile";
      fail(partition, new UnknownTopicException(topic.name(), message));
      return null;
    }
    if (partition.partition() >= topic.partitionCount()) {
      String message = "topic " + topic.name() + " has " + topic.partitionCount() + " partitions";
      fail(
          partition,
          new UnknownPartitionException(partition.topic(), partition.partition(), message));
      return null;
    }
    return topic;
  }

  private OptionalInt leader(TopicPartition partition, KnownTopic topic) {
    OptionalInt leader = topic.leader(partition.partition());
    if (leader.isEmpty()) {
      trouble = "nobody leads " + partition;
      lastAnswer = new NotLeaderException(trouble);
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
              for (TopicPartition partition : List.copyOf(pending)) {
                if (partition.topic().equals(topic)) {
                  fail(partition, e);
                }
              }
            }
            cluster.loop().execute(this::attempt); // not from within another attempt
          });
    }
  }

  private void ask(int leader, List<LeaderApi.Asked> partitions) {
    Connection connection = cluster.connection(leader);
    if (connection == null || !connection.canSend(0)) {
      trouble = "broker " + leader + ": " + cluster.trouble(leader);
      lastAnswer = null;
      troubledBy = leader;
      if (failures > 0) {
        lookAgain(partitions); // connecting to what is cut off may take long
      }
      return; // until onBroker
    }
    int most = connection.hello().getLimits().getMaxPartitionsPerRequest();
    List<LeaderApi.Asked> asked =
        most > 0 && partitions.size() > most
            ? List.copyOf(partitions.subList(0, most)) // the others when this is answered
            : partitions;
    asked.forEach(each -> inFlight.add(each.partition()));
    long sentNanos = cluster.clock().nanoTime();
    connection.send(
        api.request(asked),
        List.of(),
        Math.min(api.patienceNanos(), cluster.settings().requestTimeoutNanos()),
        true,
        reply -> ended(leader, connection, asked, sentNanos, reply));
  }

  /** They may be led elsewhere by now. */
  private void lookAgain(List<LeaderApi.Asked> partitions) {
    for (LeaderApi.Asked each : partitions) {
      if (cluster.topic(each.partition().topic()) != null) {
        cluster.lookAgain(each.partition().topic());
      }
    }
  }

  private void ended(
      int leader, Connection connection, List<LeaderApi.Asked> asked, long sentNanos, Reply reply) {
    asked.forEach(each -> inFlight.remove(each.partition()));
    if (reply instanceof Reply.Answered answered) {
      answered.memory().release();
      if (!ended) {
        answered(leader, connection, asked, answered.response());
      }
    } else if (reply instanceof Reply.Unknown unknown) {
      trouble = "broker " + leader + ": " + unknown.why();
      lastAnswer = null;
      asked.forEach(each -> maybeDone.add(each.partition()));
      boolean wasPatient = api.patienceNanos() >= cluster.settings().requestTimeoutNanos();
      if (unknown.timedOut() && (wasPatient || cluster.isSilentSince(leader, sentNanos))) {
        connection.close();
      }
      if (!ended) {
        lookAgain(asked);
      }
    } else if (reply instanceof Reply.NotSent notSent) {
      trouble = "broker " + leader + ": " + notSent.why();
      lastAnswer = null;
    }
    if (pending.isEmpty()) {
      finish();
    } else {
      retryLater();
    }
  }

  private void answered(
      int leader, Connection connection, List<LeaderApi.Asked> asked, Response response) {
    if (response.hasError()) {
      asked.forEach(each -> refused(each.partition(), response.getError()));
      return;
    }
    List<LeaderApi.Result<A>> results = api.results(response);
    if (results.size() != asked.size()) {
      nonsense(
          connection,
          asked,
          "broker " + leader + " gave " + results.size() + " answers for " + asked.size());
      return;
    }
    for (int i = 0; i < results.size() && !ended; i++) {
      LeaderApi.Asked question = asked.get(i);
      LeaderApi.Result<A> result = results.get(i);
      if (!result.topicId().equals(question.topicId())
          || result.partition() != question.partition().partition()) {
        String what = "broker " + leader + " answered for another partition than ";
        nonsense(connection, asked.subList(i, asked.size()), what + question.partition());
        return;
      }
      if (!pending.contains(question.partition())) {
        continue; // it has ended otherwise meanwhile
      }
      Error error = result.error();
      if (error != null) {
        refused(question.partition(), error);
      } else {
        answered(leader, question, result);
      }
    }
  }

  private void nonsense(Connection connection, List<LeaderApi.Asked> asked, String what) {
    trouble = what;
    lastAnswer = null;
    asked.forEach(each -> maybeDone.add(each.partition()));
    connection.close();
  }

  private void answered(int leader, LeaderApi.Asked question, LeaderApi.Result<A> result) {
    TopicPartition partition = question.partition();
    KnownTopic topic = cluster.topic(partition.topic());
    int known =
        topic != null && topic.id().equals(question.topicId())
            ? topic.leaderEpoch(partition.partition())
            : question.leaderEpoch();
    if (result.leaderEpoch() < known || result.offset() < 0) {
      trouble = "broker " + leader + " gave an answer for " + partition + " that is out of date";
      lastAnswer = null;
      maybeDone.add(partition);
      cluster.lookAgain(partition.topic());
      return;
    }
    if (topic != null && topic.id().equals(question.topicId())) {
      topic.seen(partition.partition(), result.leaderEpoch());
    }
    pending.remove(partition);
    listener.answered(partition, result.answer());
  }

  private void refused(TopicPartition partition, Error error) {
    trouble = partition + ": " + error.getMessage();
    lastAnswer = exception(error, partition);
    switch (BrokerErrors.verdict(error)) {
      case LOOK_AGAIN -> cluster.lookAgain(partition.topic());
      case LATER -> {}
      case UNKNOWN -> {
        maybeDone.add(partition);
        if (api.changes() && BrokerErrors.isFault(error)) {
          fail(partition, exception(error, partition));
        }
      }
      case NEVER -> fail(partition, exception(error, partition));
    }
  }

  private static MillraceException exception(Error error, TopicPartition partition) {
    return BrokerErrors.exception(error, partition.topic(), partition.partition());
  }

  private void timeUp() {
    for (TopicPartition partition : List.copyOf(pending)) {
      if (inFlight.contains(partition)) {
        maybeDone.add(partition);
      }
      fail(partition, late(partition));
    }
    if (!ended) {
      finish();
    }
  }

  private MillraceException late(TopicPartition partition) {
    MillraceException answer = lastAnswer;
    return answer == null
        ? cluster.late(troubledBy, partition + ": no answer in time: " + trouble)
        : Cluster.late(partition + ": not done in time: " + trouble, answer);
  }

  /** Ends it: what has not been answered fails. */
  void close() {
    for (TopicPartition partition : List.copyOf(pending)) {
      if (inFlight.contains(partition)) {
        maybeDone.add(partition);
      }
      fail(partition, new ClosedException("the client has been closed"));
    }
    if (!ended) {
      finish();
    }
  }

  /** Ends it without another word to the listener. */
  void abandon() {
    pending.clear();
    end();
  }

  private void fail(TopicPartition partition, MillraceException e) {
    if (pending.remove(partition)) {
      boolean unknown = api.changes() && maybeDone.contains(partition);
      listener.failed(
          partition,
          unknown && !(e instanceof OutcomeUnknownException)
              ? new OutcomeUnknownException(String.valueOf(e.getMessage()), e)
              : e);
    }
  }

  private void finish() {
    if (!ended) {
      end();
      listener.finished();
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
