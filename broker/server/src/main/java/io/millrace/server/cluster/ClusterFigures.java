package io.millrace.server.cluster;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.server.config.TopicDefaults;
import io.millrace.server.config.TopicSettings;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A cluster image in numbers; topics that are being deleted do not count.
 *
 * @param leaderless partitions that nobody alive leads, or whose state cannot be read
 * @param underReplicated with fewer live in-sync replicas than replicas
 * @param belowMinimum with fewer live in-sync replicas than their topic wants
 * @param possibleLosses in which an election may have lost committed records
 * @param leaders partitions led, by broker
 */
public record ClusterFigures(
    int topics,
    int partitions,
    int leaderless,
    int underReplicated,
    int belowMinimum,
    int possibleLosses,
    Map<Integer, Integer> leaders) {
  public static final ClusterFigures NOTHING = new ClusterFigures(0, 0, 0, 0, 0, 0, Map.of());

  public ClusterFigures {
    leaders = Collections.unmodifiableMap(new TreeMap<>(leaders));
  }

  /**
   * @param defaults of what topics do not set themselves
   */
  public static ClusterFigures of(ClusterImage image, TopicDefaults defaults) {
    int topics = 0;
    int partitions = 0;
    int leaderless = 0;
    int underReplicated = 0;
    int belowMinimum = 0;
    int possibleLosses = 0;
    Map<Integer, Integer> leaders = new TreeMap<>();
    for (TopicImage topic : image.topics().values()) {
      if (topic.deleting()) {
        continue;
      }
      topics++;
      partitions += topic.partitionCount();
      int minInSync =
          TopicSettings.understood(topic.settings(), topic.replicationFactor(), defaults)
              .minInSync();
      for (int number = 0; number < topic.partitionCount(); number++) {
        @Nullable PartitionImage partition =
            number < topic.partitions().size() ? topic.partitions().get(number) : null;
        if (partition == null || !isLed(image, partition)) {
          leaderless++;
        } else {
          leaders.merge(partition.leader().getAsInt(), 1, Integer::sum);
        }
        if (partition != null) {
          long inSync = partition.inSync().stream().filter(image.brokers()::containsKey).count();
          underReplicated += inSync < partition.replicas().size() ? 1 : 0;
          belowMinimum += inSync < minInSync ? 1 : 0;
          possibleLosses += partition.possibleLoss().isEmpty() ? 0 : 1;
        }
      }
    }
    return new ClusterFigures(
        topics, partitions, leaderless, underReplicated, belowMinimum, possibleLosses, leaders);
  }

  /** By a broker that lives, in the very life it was elected in. */
  private static boolean isLed(ClusterImage image, PartitionImage partition) {
    if (partition.leader().isEmpty()) {
      return false;
    }
    BrokerImage leader = image.brokers().get(partition.leader().getAsInt());
    return leader != null && leader.incarnation() == partition.leaderIncarnation();
  }
}
