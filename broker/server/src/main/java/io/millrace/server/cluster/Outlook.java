package io.millrace.server.cluster;

import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.server.partition.PartitionId;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What this broker knows of the cluster when it decides something, and who it is in it. Owner: the
 * store's loop.
 */
public final class Outlook {
  private final int self;
  private final Suspicions suspicions = new Suspicions();
  private Catalog catalog;
  private long pictures;
  private Map<Integer, Integer> up = Map.of();
  private int incarnation;

  /**
   * @param self this broker's id
   */
  public Outlook(int self) {
    this.self = self;
    this.catalog = Catalog.of(self, ClusterImage.EMPTY);
  }

  int self() {
    return self;
  }

  /** Of this broker's present registration, 0 without one. */
  int incarnation() {
    return incarnation;
  }

  void setIncarnation(int as) {
    incarnation = as;
  }

  Catalog catalog() {
    return catalog;
  }

  /**
   * Grows with every newer picture, and whenever somebody comes under suspicion or out of it: what
   * was decided before may have to be decided again.
   */
  long pictures() {
    return pictures;
  }

  /** Incarnations of the brokers that are live and not suspected; another map when that changes. */
  Map<Integer, Integer> up() {
    return up;
  }

  void see(Catalog newer) {
    boolean sameBrokers = catalog.image().brokers().equals(newer.image().brokers());
    catalog = newer;
    pictures++;
    if (!sameBrokers) {
      up = suspicions.unsuspected(newer.image());
    }
  }

  @Nullable TopicImage topicOf(PartitionId id) {
    return catalog.topicsById().get(id.topicId());
  }

  @Nullable PartitionImage imageOf(PartitionId id) {
    TopicImage topic = topicOf(id);
    return topic != null && id.partition() < topic.partitions().size()
        ? topic.partitions().get(id.partition())
        : null;
  }

  /** Whether, of the replicas whose brokers are up, this one comes first. */
  boolean isFirstLive(PartitionImage image) {
    return image.replicas().stream()
        .filter(up::containsKey)
        .findFirst()
        .filter(id -> id == self)
        .isPresent();
  }

  /** Brokers that are taken for dead although their sessions stand. */
  Set<Integer> suspected() {
    return suspicions.among(catalog.image());
  }

  /** This broker stands for election against one that is suspected. */
  void depose(int broker) {
    suspicions.depose(broker);
  }

  Map<Integer, String> suspicionReasons() {
    return suspicions.reasons(catalog.image());
  }

  /** Whether that changes who is up. */
  boolean suspect(int broker, int life, String why) {
    suspicions.add(broker, life, why);
    return onSuspicions();
  }

  /** Whether that changes who is up. */
  boolean clear(int broker, int life) {
    suspicions.remove(broker, life);
    return onSuspicions();
  }

  private boolean onSuspicions() {
    Map<Integer, Integer> now = suspicions.unsuspected(catalog.image());
    boolean isNews = !now.equals(up);
    if (isNews) {
      up = now;
      pictures++;
    }
    return isNews;
  }
}
