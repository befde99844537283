package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.coordination.election.ElectionScene;
import io.millrace.coordination.election.PartitionElection;
import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.EventLoop;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** This broker's candidacies. Owner: the store's loop. */
public final class Elections {
  private static final Logger LOG = LoggerFactory.getLogger(Elections.class);
  private static final long STAGGER_MILLIS = 50;
  private static final long RETRY_NANOS = MILLISECONDS.toNanos(500);

  private final EventLoop loop;
  private final PartitionElection election;
  private final LocalPartitions partitions;
  private final ElectionCounts counts = new ElectionCounts();

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
    /** This broker was elected, in that incarnation. */
    record Elected(int epoch, int incarnation) implements Result {}

    /** The next picture of the cluster says what to do. */
    record Wait() implements Result {}

    /** To be decided again after a while. */
    record Again(long afterNanos) implements Result {}

    /** Nobody can lead now. */
    record Impossible(String why) implements Result {}
  }

  /**
   * @param catalog the newest, asked for at every decision
   * @param incarnation of this broker, likewise
   * @param then on the loop
   */
  void run(
      Replica replica,
      @Nullable TopicImage topic,
      Supplier<Catalog> catalog,
      Supplier<Integer> incarnation,
      Consumer<Result> then) {
    int minInSync = topic == null ? 1 : partitions.settingsOf(topic).minInSync();
    election
        .elect(
            replica.id.topicId(),
            replica.id.partition(),
            () -> scene(replica, catalog.get(), incarnation.get(), minInSync),
            () -> partitions.flush(replica.id))
        .whenComplete(
            (outcome, bug) -> {
              Result result = result(replica, outcome, bug);
              counts.ended(result);
              then.accept(result);
            });
  }

  private ElectionScene scene(Replica replica, Catalog catalog, int incarnation, int minInSync) {
    Map<Integer, Integer> live = new HashMap<>();
    for (BrokerImage broker : catalog.image().brokers().values()) {
      live.put(broker.id(), broker.incarnation());
    }
    long leaderlessNanos = loop.clock().nanoTime() - replica.leaderlessSinceNanos;
    return new ElectionScene(
        catalog.self(),
        incarnation,
        live,
        Set.of(),
        minInSync,
        leaderlessNanos / 1_000_000,
        STAGGER_MILLIS);
  }

  private static Result result(
      Replica replica, PartitionElection.@Nullable Outcome outcome, @Nullable Throwable bug) {
    if (bug != null || outcome == null) {
      LOG.error("{}: the election failed, and is tried again", replica.id, bug);
      return new Result.Again(RETRY_NANOS);
    }
    if (outcome instanceof PartitionElection.Outcome.Leads leads) {
      return new Result.Elected(
          leads.partition().leaderEpoch(), leads.partition().leaderIncarnation());
    }
    if (outcome instanceof PartitionElection.Outcome.Waits waits) {
      return new Result.Again(MILLISECONDS.toNanos(waits.millis()));
    }
    if (outcome instanceof PartitionElection.Outcome.Unavailable unavailable) {
      return new Result.Impossible(unavailable.why());
    }
    if (outcome instanceof PartitionElection.Outcome.NotTried
        || outcome instanceof PartitionElection.Outcome.Unknown) {
      LOG.debug("{}: the election is tried again: {}", replica.id, outcome);
      return new Result.Again(RETRY_NANOS);
    }
    return new Result.Wait(); // somebody else leads, or the partition is gone
  }
}
