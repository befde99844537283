package io.millrace.server.coordinator;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.cluster.PeerCalls;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ReaderLag;
import io.millrace.wire.v1.ReaderLagsRequest;
import io.millrace.wire.v1.Request;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks the leaders of partitions how far readers are behind: each broker once, those led here
 * without the network. Nobody is waited for long, and what a leader does not say is said to be
 * unknown. Any thread.
 */
public final class LeaderLags {
  private static final long PATIENCE_NANOS = SECONDS.toNanos(1);

  /** In one request, well below what a broker takes. */
  private static final int MOST = 1_000;

  private final List<Shard> shards;
  private final Supplier<Catalog> catalog;
  private final PeerCalls peers;

  /**
   * @param catalog the newest
   */
  public LeaderLags(List<Shard> shards, Supplier<Catalog> catalog, PeerCalls peers) {
    this.shards = shards;
    this.catalog = catalog;
    this.peers = peers;
  }

  /** As patient as a person who looks. */
  void ask(Collection<ReaderAt> readers, Consumer<Map<ReaderAt, LagAnswer>> then) {
    ask(readers, PATIENCE_NANOS, then);
  }

  /**
   * @param readers all different
   * @param patienceNanos for a broker to answer
   * @param then once, on any loop: an answer of each
   */
  void ask(
      Collection<ReaderAt> readers, long patienceNanos, Consumer<Map<ReaderAt, LagAnswer>> then) {
    Catalog now = catalog.get();
    Map<Integer, List<ReaderAt>> byLeader = new TreeMap<>();
    Answers answers = new Answers(then);
    List<ReaderAt> here = new ArrayList<>();
    for (ReaderAt reader : readers) {
      OptionalInt leader = leader(now, reader.id());
      if (leader.isEmpty()) {
        answers.put(reader, new LagAnswer.Unknown(now.whyNotHere(reader.id())));
      } else if (leader.getAsInt() == now.self()) {
        here.add(reader);
      } else {
        byLeader.computeIfAbsent(leader.getAsInt(), id -> new ArrayList<>()).add(reader);
      }
    }
    answers.expect(
        here.size() + byLeader.values().stream().mapToInt(each -> pieces(each.size())).sum());
    for (ReaderAt reader : here) {
      LagLook.at(
          reader.id().ownerAmong(shards),
          reader,
          answer -> {
            answers.put(reader, answer);
            answers.one();
          });
    }
    byLeader.forEach(
        (broker, its) -> {
          for (int from = 0; from < its.size(); from += MOST) {
            askPeer(
                now.image().brokers().get(broker),
                broker,
                its.subList(from, Math.min(its.size(), from + MOST)),
                patienceNanos,
                answers);
          }
        });
  }

  private static int pieces(int readers) {
    return (readers + MOST - 1) / MOST;
  }

  private static OptionalInt leader(Catalog now, PartitionId id) {
    TopicImage topic = now.topic(id.topicId()).filter(it -> !it.deleting()).orElse(null);
    @Nullable PartitionImage partition =
        topic == null || id.partition() < 0 || id.partition() >= topic.partitions().size()
            ? null
            : topic.partitions().get(id.partition());
    return partition == null ? OptionalInt.empty() : partition.leader();
  }

  private void askPeer(
      @Nullable BrokerImage peer,
      int broker,
      List<ReaderAt> readers,
      long patienceNanos,
      Answers answers) {
    if (peer == null) {
      readers.forEach(each -> answers.put(each, unknown("broker " + broker + " is not live")));
      answers.one();
      return;
    }
    ReaderLagsRequest.Builder lags = ReaderLagsRequest.newBuilder();
    for (ReaderAt reader : readers) {
      io.millrace.wire.v1.ReaderAt.Builder at =
          io.millrace.wire.v1.ReaderAt.newBuilder()
              .setTopicId(reader.id().topicId())
              .setPartition(reader.id().partition());
      reader.offset().ifPresent(at::setOffset);
      lags.addReaders(at);
    }
    peers
        .ask(peer, Request.newBuilder().setReaderLags(lags), patienceNanos)
        .whenComplete(
            (outcome, bug) -> {
              if (outcome instanceof PeerCalls.Outcome.Answered answered
                  && answered.response().getReaderLags().getResultsCount() == readers.size()) {
                List<ReaderLag> results = answered.response().getReaderLags().getResultsList();
                for (int i = 0; i < readers.size(); i++) {
                  answers.put(readers.get(i), answer(results.get(i)));
                }
              } else {
                String why = "broker " + broker + " did not say: " + (bug == null ? outcome : bug);
                readers.forEach(each -> answers.put(each, unknown(why)));
              }
              answers.one();
            });
  }

  private static LagAnswer unknown(String why) {
    return new LagAnswer.Unknown(new Refusal(ErrorCode.UNAVAILABLE, why));
  }

  private static LagAnswer answer(ReaderLag lag) {
    return lag.hasError()
        ? new LagAnswer.Unknown(new Refusal(lag.getError().getCode(), lag.getError().getMessage()))
        : new LagAnswer.Known(
            lag.getLeaderEpoch(),
            lag.getStart(),
            lag.getEnd(),
            lag.hasWaitingMs() ? OptionalLong.of(lag.getWaitingMs()) : OptionalLong.empty());
  }

  /** Waits for as many as are expected, and goes on with all. Any thread. */
  private static final class Answers {
    private final Map<ReaderAt, LagAnswer> byReader = new ConcurrentHashMap<>();
    private final AtomicInteger missing = new AtomicInteger();
    private final Consumer<Map<ReaderAt, LagAnswer>> then;

    Answers(Consumer<Map<ReaderAt, LagAnswer>> then) {
      this.then = then;
    }

    void put(ReaderAt reader, LagAnswer answer) {
      byReader.put(reader, answer);
    }

    /** Before any of them is asked. */
    void expect(int count) {
      missing.set(count);
      if (count == 0) {
        then.accept(byReader);
      }
    }

    void one() {
      if (missing.decrementAndGet() == 0) {
        then.accept(byReader);
      }
    }
  }
}
