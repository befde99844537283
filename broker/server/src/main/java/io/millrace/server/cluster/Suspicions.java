package io.millrace.server.cluster;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which lives of which brokers are taken for dead although their sessions stand. Owner: the store's
 * loop. A suspicion may be wrong: whoever is deposed by it can commit nothing any more, and learns
 * of it.
 */
final class Suspicions {
  private static final Logger LOG = LoggerFactory.getLogger(Suspicions.class);

  private record Suspect(int incarnation, String why) {}

  private final Map<Integer, Suspect> suspects = new HashMap<>();

  /** Of those, whose leaderships are being taken: people have been told. */
  private final Set<Integer> deposed = new HashSet<>();

  void add(int broker, int incarnation, String why) {
    suspects.put(broker, new Suspect(incarnation, why));
  }

  /** Of that life only: a later one may be silent again already. */
  void remove(int broker, int incarnation) {
    Suspect suspect = suspects.get(broker);
    if (suspect != null && suspect.incarnation() == incarnation) {
      suspects.remove(broker);
      if (deposed.remove(broker)) {
        LOG.info("broker {} (incarnation {}) is suspected no more", broker, incarnation);
      }
    }
  }

  /** What that broker leads is about to be taken from it: told once in a suspicion. */
  void depose(int broker) {
    Suspect suspect = suspects.get(broker);
    if (suspect != null && deposed.add(broker)) {
      LOG.info(
          "broker {} (incarnation {}) is suspected, and others are elected in its place: {}",
          broker,
          suspect.incarnation(),
          suspect.why());
    }
  }

  /** Why each of those is suspected that {@link #among} tells, for people. */
  Map<Integer, String> reasons(ClusterImage image) {
    Map<Integer, String> reasons = new TreeMap<>();
    for (int broker : among(image)) {
      Suspect suspect = suspects.get(broker);
      reasons.put(broker, suspect == null ? "" : suspect.why());
    }
    return reasons;
  }

  /** Of the brokers whose sessions stand. */
  Set<Integer> among(ClusterImage image) {
    if (suspects.isEmpty()) {
      return Set.of();
    }
    Set<Integer> suspected = new TreeSet<>();
    for (BrokerImage broker : image.brokers().values()) {
      Suspect suspect = suspects.get(broker.id());
      if (suspect != null && suspect.incarnation() == broker.incarnation()) {
        suspected.add(broker.id());
      }
    }
    return suspected;
  }

  /** Incarnations, by id, of the brokers that are live and not suspected. */
  Map<Integer, Integer> unsuspected(ClusterImage image) {
    Set<Integer> suspected = among(image);
    Map<Integer, Integer> up = new TreeMap<>();
    for (BrokerImage broker : image.brokers().values()) {
      if (!suspected.contains(broker.id())) {
        up.put(broker.id(), broker.incarnation());
      }
    }
    return up;
  }
}
