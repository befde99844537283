package io.millrace.coordination.topics;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Which brokers hold the partitions of a new topic. A pure function of the cluster and of what it
 * draws.
 *
 * <p>Partition by partition, the first replica goes to the broker that leads, by preference, the
 * fewest; each further one to a rack that has none of this partition yet where there is such, and
 * there to the broker that holds the fewest; but the second one before that to the broker that is
 * second to the fewest of the first one's partitions: when a broker dies, what it led is shared
 * among the others. Ties are broken by a drawn order, so that many small topics do not all begin at
 * the same broker.
 */
public final class Placement {
  private Placement() {}

  /**
   * @param cluster with at least as many live brokers as replicas
   * @param random for the order of equals
   * @return the replicas of each partition, in order of preference
   */
  public static List<List<Integer>> place(
      ClusterImage cluster, int partitions, int replicationFactor, RandomGenerator random) {
    if (replicationFactor < 1 || replicationFactor > cluster.brokers().size()) {
      throw new IllegalArgumentException(
          replicationFactor + " replicas for " + cluster.brokers().size() + " brokers");
    }
    List<Load> loads = loads(cluster, random);
    List<List<Integer>> placed = new ArrayList<>(partitions);
    for (int partition = 0; partition < partitions; partition++) {
      placed.add(placeOne(loads, replicationFactor));
    }
    return placed;
  }

  /**
   * Who else holds partitions that stand.
   *
   * @param cluster with at least as many live brokers as replicas
   * @return for each partition in order, whom to put behind the replicas it has; those that have as
   *     many get none
   */
  static List<List<Integer>> added(
      ClusterImage cluster,
      List<PartitionImage> partitions,
      int replicationFactor,
      RandomGenerator random) {
    List<Load> loads = loads(cluster, random);
    List<List<Integer>> added = new ArrayList<>(partitions.size());
    for (PartitionImage partition : partitions) {
      List<Integer> before = partition.replicas();
      Set<String> racks = new HashSet<>();
      loads.stream().filter(load -> before.contains(load.id)).forEach(load -> racks.add(load.rack));
      List<Integer> after = new ArrayList<>(before);
      complete(after, racks, loads, replicationFactor);
      added.add(List.copyOf(after.subList(before.size(), after.size())));
    }
    return added;
  }

  private static List<Integer> placeOne(List<Load> loads, int replicationFactor) {
    List<Integer> replicas = new ArrayList<>(replicationFactor);
    complete(replicas, new HashSet<>(), loads, replicationFactor);
    return replicas;
  }

  private static void complete(
      List<Integer> replicas, Set<String> racks, List<Load> loads, int replicationFactor) {
    while (replicas.size() < replicationFactor) {
      boolean isFirst = replicas.isEmpty();
      Load secondTo = replicas.size() == 1 ? find(loads, replicas.get(0)) : null;
      Comparator<Load> order =
          isFirst
              ? Comparator.<Load>comparingInt(load -> load.preferred)
                  .thenComparingInt(load -> load.replicas)
              : Comparator.<Load, Boolean>comparing(load -> racks.contains(load.rack))
                  .thenComparingInt(
                      load -> secondTo == null ? 0 : secondTo.seconds.getOrDefault(load.id, 0))
                  .thenComparingInt(load -> load.replicas);
      Load chosen =
          loads.stream()
              .filter(load -> !replicas.contains(load.id))
              .min(order.thenComparingInt(load -> load.turn))
              .orElseThrow();
      replicas.add(chosen.id);
      racks.add(chosen.rack);
      chosen.replicas++;
      if (isFirst) {
        chosen.preferred++;
      }
      if (secondTo != null) {
        secondTo.seconds.merge(chosen.id, 1, Integer::sum);
      }
    }
  }

  /** Null: it is not alive. */
  private static @Nullable Load find(List<Load> loads, int id) {
    return loads.stream().filter(load -> load.id == id).findAny().orElse(null);
  }

  private static List<Load> loads(ClusterImage cluster, RandomGenerator random) {
    Map<Integer, Load> loads = new HashMap<>();
    List<Integer> ids = cluster.brokers().keySet().stream().sorted().toList();
    List<Integer> turns = shuffled(ids.size(), random);
    for (int i = 0; i < ids.size(); i++) {
      BrokerImage broker = cluster.brokers().get(ids.get(i));
      if (broker != null) {
        loads.put(broker.id(), new Load(broker.id(), rackOf(broker), turns.get(i)));
      }
    }
    for (TopicImage topic : cluster.topics().values()) {
      for (PartitionImage partition : topic.partitions()) {
        if (partition != null) {
          count(partition, loads);
        }
      }
    }
    return List.copyOf(loads.values());
  }

  private static void count(PartitionImage partition, Map<Integer, Load> loads) {
    for (int i = 0; i < partition.replicas().size(); i++) {
      Load load = loads.get(partition.replicas().get(i));
      if (load != null) {
        load.replicas++;
        if (i == 0) {
          load.preferred++;
        }
      }
    }
    Load first = partition.replicas().isEmpty() ? null : loads.get(partition.replicas().get(0));
    if (first != null && partition.replicas().size() > 1) {
      first.seconds.merge(partition.replicas().get(1), 1, Integer::sum);
    }
  }

  /** A broker without a rack is a rack of its own. */
  private static String rackOf(BrokerImage broker) {
    return broker.rack().isEmpty() ? "/broker/" + broker.id() : broker.rack();
  }

  private static List<Integer> shuffled(int count, RandomGenerator random) {
    List<Integer> turns = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      turns.add(random.nextInt(i + 1), i);
    }
    return turns;
  }

  private static final class Load {
    private final int id;
    private final String rack;
    private final int turn;
    private final Map<Integer, Integer> seconds = new HashMap<>();
    private int replicas;
    private int preferred;

    Load(int id, String rack, int turn) {
      this.id = id;
      this.rack = rack;
      this.turn = turn;
    }
  }
}
