package io.millrace.server.metrics;

import io.millrace.coordination.election.ElectionCause;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.rpc.Clock;
import io.millrace.server.cluster.ClusterChanges;
import io.millrace.server.cluster.ClusterFigures;
import io.millrace.server.cluster.ElectionCounts;
import io.millrace.server.config.TopicDefaults;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;

/** This broker's place in its cluster, and what it sees of the others. Any thread tells it. */
public final class ClusterMetrics {
  private final SeriesRegistry registry;
  private final Clock clock;
  private final AtomicLong imageChanges = new AtomicLong();
  private final AtomicLong sessionsEnded = new AtomicLong();
  private volatile long imageNanos;
  private final LongAdder leaderChanges = new LongAdder();
  private final LongAdder setsShrunk = new LongAdder();
  private final LongAdder setsGrown = new LongAdder();
  private volatile TopicDefaults defaults = TopicDefaults.BUILT_IN;
  private volatile ClusterImage image = ClusterImage.EMPTY;
  private volatile Counted counted = new Counted(ClusterImage.EMPTY, ClusterFigures.NOTHING);
  private volatile int incarnation;
  private volatile Session session = Session.ENDED;

  /** Of this broker with ZooKeeper. */
  public enum Session {
    CONNECTED,
    /** No contact; it may still live. */
    SUSPENDED,
    /** Gone, or not there yet. */
    ENDED
  }

  /** Counting an image costs a look at every partition: once is enough. */
  private record Counted(ClusterImage image, ClusterFigures figures) {}

  ClusterMetrics(SeriesRegistry registry, Clock clock) {
    this.registry = registry;
    this.clock = clock;
    this.imageNanos = clock.nanoTime();
    registry.whole(BrokerMetric.BROKER_INCARNATION, () -> incarnation);
    registry.whole(BrokerMetric.CLUSTER_BROKERS, () -> image.brokers().size());
    registry.whole(BrokerMetric.CLUSTER_TOPICS, () -> image.topics().size());
    registry.whole(BrokerMetric.CLUSTER_LEADERLESS_PARTITIONS, () -> figures().leaderless());
    registry.whole(
        BrokerMetric.CLUSTER_UNDER_REPLICATED_PARTITIONS, () -> figures().underReplicated());
    registry.whole(BrokerMetric.CLUSTER_BELOW_MINIMUM_PARTITIONS, () -> figures().belowMinimum());
    registry.whole(BrokerMetric.CLUSTER_POSSIBLE_LOSS_PARTITIONS, () -> figures().possibleLosses());
    registry.counter(BrokerMetric.CLUSTER_LEADER_CHANGES, leaderChanges::sum);
    registry.counter(BrokerMetric.CLUSTER_IN_SYNC_CHANGES, setsShrunk::sum, "shrunk");
    registry.counter(BrokerMetric.CLUSTER_IN_SYNC_CHANGES, setsGrown::sum, "grown");
    registry.counter(BrokerMetric.CLUSTER_IMAGE_CHANGES, imageChanges::get);
    registry.gauge(
        BrokerMetric.CLUSTER_IMAGE_AGE_SECONDS, () -> (clock.nanoTime() - imageNanos) / 1e9);
    registry.counter(BrokerMetric.ZOOKEEPER_SESSIONS_ENDED, sessionsEnded::get);
    for (Session state : List.of(Session.values())) {
      registry.whole(
          BrokerMetric.ZOOKEEPER_SESSION,
          () -> session == state ? 1 : 0,
          state.name().toLowerCase(Locale.ROOT));
    }
  }

  /** What topics have that do not set it themselves. */
  public void setDefaults(TopicDefaults topicDefaults) {
    defaults = topicDefaults;
  }

  /**
   * @param refusedNodes of ZooKeeper, at this moment
   */
  public void addRefusedNodes(IntSupplier refusedNodes) {
    registry.whole(BrokerMetric.CLUSTER_REFUSED_NODES, refusedNodes::getAsInt);
  }

  public void addElections(ElectionCounts counts) {
    registry.counter(BrokerMetric.SUSPICIONS, counts::suspicions);
    registry.counter(BrokerMetric.UNCLEAN_ELECTIONS, counts::unclean);
    registry.counter(BrokerMetric.LEADERSHIPS_HANDED_OVER, counts::handOvers);
    for (ElectionCause cause : ElectionCause.values()) {
      registry.counter(BrokerMetric.ELECTIONS_WON, () -> counts.count(cause), cause.text());
    }
    for (ElectionCounts.Result result : ElectionCounts.Result.values()) {
      registry.counter(BrokerMetric.ELECTIONS, () -> counts.count(result), result.text());
    }
  }

  /** A change of the cluster has been seen. */
  public void onImage(ClusterImage newer) {
    ClusterChanges changes = ClusterChanges.between(image, newer);
    leaderChanges.add(changes.leaders());
    setsShrunk.add(changes.shrunk());
    setsGrown.add(changes.grown());
    image = newer;
    imageNanos = clock.nanoTime();
    imageChanges.incrementAndGet();
  }

  public void onRegistered(int as) {
    incarnation = as;
    session = Session.CONNECTED;
  }

  public void onSession(Session state) {
    session = state;
    if (state == Session.ENDED) {
      incarnation = 0;
      sessionsEnded.incrementAndGet();
    }
  }

  @SuppressWarnings("ReferenceEquality") // comparing images costs as much as counting them
  private ClusterFigures figures() {
    Counted last = counted;
    ClusterImage now = image;
    if (last.image() != now) {
      last = new Counted(now, ClusterFigures.of(now, defaults));
      counted = last;
    }
    return last.figures();
  }
}
