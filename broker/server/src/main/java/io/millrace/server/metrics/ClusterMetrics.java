package io.millrace.server.metrics;

import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.Clock;
import io.millrace.server.cluster.ElectionCounts;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/** This broker's place in its cluster, and what it sees of the others. Any thread tells it. */
public final class ClusterMetrics {
  private final SeriesRegistry registry;
  private final Clock clock;
  private final AtomicLong imageChanges = new AtomicLong();
  private final AtomicLong sessionsEnded = new AtomicLong();
  private volatile long imageNanos;
  private volatile ClusterImage image = ClusterImage.EMPTY;
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

  ClusterMetrics(SeriesRegistry registry, Clock clock) {
    this.registry = registry;
    this.clock = clock;
    this.imageNanos = clock.nanoTime();
    registry.whole(BrokerMetric.BROKER_INCARNATION, () -> incarnation);
    registry.whole(BrokerMetric.CLUSTER_BROKERS, () -> image.brokers().size());
    registry.whole(BrokerMetric.CLUSTER_TOPICS, () -> image.topics().size());
    registry.whole(BrokerMetric.CLUSTER_LEADERLESS_PARTITIONS, () -> leaderless(image));
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

  public void addElections(ElectionCounts counts) {
    for (ElectionCounts.Result result : ElectionCounts.Result.values()) {
      registry.counter(BrokerMetric.ELECTIONS, () -> counts.count(result), result.text());
    }
  }

  /** A change of the cluster has been seen. */
  public void onImage(ClusterImage newer) {
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

  /** Nobody leads it, or somebody who is not there. */
  private static long leaderless(ClusterImage image) {
    long count = 0;
    for (TopicImage topic : image.topics().values()) {
      for (int i = 0; i < topic.partitionCount() && !topic.deleting(); i++) {
        PartitionImage partition = i < topic.partitions().size() ? topic.partitions().get(i) : null;
        if (partition == null
            || partition.leader().isEmpty()
            || !image.brokers().containsKey(partition.leader().getAsInt())) {
          count++;
        }
      }
    }
    return count;
  }
}
