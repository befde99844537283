package io.millrace.server.explain;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.server.partition.PartitionReading;
import io.millrace.server.replica.LeaderSnapshot;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is known of one partition at one moment, on the broker that is asked.
 *
 * @param self that broker's id
 * @param minInSync what the topic wants
 * @param here the replica on this broker; empty when there is none open
 * @param suspected live brokers that this one takes for dead, with the reason as a clause
 * @param offlineElsewhere other live replicas whose copy cannot be used, with what they say of it
 * @param refused why its state in the store is not believed as it stands now, as a clause; empty:
 *     it is
 * @param waits what is written down of it on the {@link WaitBoard}
 */
public record PartitionScene(
    int self,
    ClusterImage image,
    TopicImage topic,
    int number,
    int minInSync,
    Optional<Here> here,
    Map<Integer, String> suspected,
    Map<Integer, String> offlineElsewhere,
    String refused,
    List<Finding> waits,
    Moment moment) {
  public PartitionScene {
    suspected = Map.copyOf(suspected);
    offlineElsewhere = Map.copyOf(offlineElsewhere);
    waits = List.copyOf(waits);
  }

  /**
   * The replica on this broker.
   *
   * @param leading when it leads
   */
  public record Here(PartitionReading reading, Optional<LeaderSnapshot> leading) {}

  /** Both clocks at the same time. */
  public record Moment(long wallMillis, long nanos) {
    /** The wall clock's time of something that the monotonic clock has timed. */
    long wallMillisOf(long pastNanos) {
      return wallMillis - Math.max(0, nanos - pastNanos) / 1_000_000;
    }
  }

  /** Its state in the store; null when that is missing or cannot be read. */
  @Nullable PartitionImage partition() {
    return number < topic.partitions().size() ? topic.partitions().get(number) : null;
  }

  boolean isLive(int broker) {
    return image.brokers().containsKey(broker);
  }

  /** As far as is known here. */
  boolean mayLead(int broker) {
    return isLive(broker) && !offlineElsewhere.containsKey(broker);
  }

  /** By a broker that lives, in the very life it was elected in. */
  boolean isLed(PartitionImage partition) {
    if (partition.leader().isEmpty()) {
      return false;
    }
    BrokerImage leader = image.brokers().get(partition.leader().getAsInt());
    return leader != null && leader.incarnation() == partition.leaderIncarnation();
  }
}
