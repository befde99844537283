package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.coordination.election.ElectionScene;
import io.millrace.coordination.election.PartitionElection;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.EventLoop;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** This broker's candidacies. Owner: the store's loop. */
public final class Elections {
  private static final Logger LOG = LoggerFactory.getLogger(Elections.class);
  private static final long STAGGER_MILLIS = 50;
  private static final long GIVING_WAY_MILLIS = 10 * STAGGER_MILLIS;
  private static final long RETRY_NANOS = MILLISECONDS.toNanos(500);

  /**
   * So many are under way at once; the others wait, in order. When a broker that led thousands of
   * partitions dies, or the sessions of many brokers end together, the store is not flooded.
   */
  private static final int WIDTH = 256;

  private final EventLoop loop;
  private final PartitionElection election;
  private final LocalPartitions partitions;
  private final ElectionCounts counts = new ElectionCounts();
  private final Deque<Runnable> waiting = new ArrayDeque<>();
  private int underWay;

  public Elections(EventLoop loop, PartitionElection election, LocalPartitions partitions) {
    this.loop = loop;
    this.election = election;
    this.partitions = partitions;
  }

  /** Any thread. */
  public ElectionCounts counts() {
    return counts;
  }

  /** What a candidacy has come to. */
  sealed interface Result {
    /** This broker was elected, as the partition says now. */
    record Elected(PartitionImage now) implements Result {}

    /** The next picture of the cluster says what to do. */
    record Wait() implements Result {}

    /** To be decided again after a while. */
    record Again(long afterNanos) implements Result {}

    /**
     * Every replica has to be asked what it has.
     *
     * @param why as a clause
     */
    record AskAll(String why) implements Result {}

    /**
     * Nobody can lead now.
     *
     * @param epochInStore the leader epoch that was read when this was decided
     */
    record Impossible(String why, int epochInStore) implements Result {}
  }

  /** What a candidate knows, asked for at the moment of deciding. */
  interface Candidate extends PartitionElection.Preparation {
    Catalog catalog();

    int incarnation();

    /** Others go first, as far as there are any: this broker wants to lead nothing. */
    boolean givesWay();

    /** Those that this candidate may take for dead. */
    Set<Integer> suspected();

    /**
     * Before it is written that this replica leads: it leads and fetches nothing from then on until
     * the outcome is known (H14), and has all on disk if it will be the only one in sync.
     *
     * @return false to give up
     */
    @Override
    CompletionStage<Boolean> prepare(boolean mustFlush);
  }

  /**
   * Stands for election, as soon as not too many others are under way.
   *
   * @param then on the loop
   */
  void run(
      Replica replica, @Nullable TopicImage topic, Candidate candidate, Consumer<Result> then) {
    waiting.add(() -> begin(replica, topic, candidate, then));
    more();
  }

  private void more() {
    while (underWay < WIDTH && !waiting.isEmpty()) {
      underWay++;
      waiting.remove().run();
    }
  }

  private void begin(
      Replica replica, @Nullable TopicImage topic, Candidate candidate, Consumer<Result> then) {
    int minInSync = topic == null ? 1 : partitions.settingsOf(topic).minInSync();
    election
        .elect(
            replica.id.topicId(),
            replica.id.partition(),
            () -> scene(replica, candidate, minInSync),
            candidate)
        .whenComplete(
            (outcome, bug) -> {
              underWay--;
              Result result = result(replica, outcome, bug);
              counts.ended(result);
              then.accept(result);
              more();
            });
  }

  private ElectionScene scene(Replica replica, Candidate candidate, int minInSync) {
    long leaderlessMillis = (loop.clock().nanoTime() - replica.leaderlessSinceNanos) / 1_000_000;
    return new ElectionScene(
        candidate.catalog().self(),
        candidate.incarnation(),
        candidate.catalog().incarnations(),
        candidate.suspected(),
        minInSync,
        candidate.givesWay() ? leaderlessMillis - GIVING_WAY_MILLIS : leaderlessMillis,
        STAGGER_MILLIS,
        replica.highestEpochSeen());
  }

  private Result result(
      Replica replica, PartitionElection.@Nullable Outcome outcome, @Nullable Throwable bug) {
    if (bug != null || outcome == null) {
      LOG.error("{}: the election failed, and is tried again", replica.id, bug);
      return new Result.Again(RETRY_NANOS);
    }
    if (outcome instanceof PartitionElection.Outcome.Leads leads) {
      leads.cause().ifPresent(counts::won);
      return new Result.Elected(leads.partition());
    }
    if (outcome instanceof PartitionElection.Outcome.Waits waits) {
      return new Result.Again(MILLISECONDS.toNanos(waits.millis()));
    }
    if (outcome instanceof PartitionElection.Outcome.AsksAll asks) {
      return new Result.AskAll(asks.why());
    }
    if (outcome instanceof PartitionElection.Outcome.Unavailable unavailable) {
      return new Result.Impossible(unavailable.why(), unavailable.partition().leaderEpoch());
    }
    if (outcome instanceof PartitionElection.Outcome.NotTried
        || outcome instanceof PartitionElection.Outcome.Unknown) {
      LOG.debug("{}: the election is tried again: {}", replica.id, outcome);
      return new Result.Again(RETRY_NANOS);
    }
    if (outcome instanceof PartitionElection.Outcome.Gone) {
      // Put back as it was, it makes no other picture. With its topic gone nobody asks again. B77
      return new Result.Again(RETRY_NANOS);
    }
    return new Result.Wait(); // somebody else leads
  }
}
