package io.millrace.client.cluster;

import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicDescription;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A topic as far as this client has heard of it. Belongs to the client's loop.
 *
 * <p>Each partition keeps the highest leader epoch that was ever seen, in a map or in a broker's
 * answer; what comes with a lower one is ignored.
 */
public final class KnownTopic {
  private static final Logger log = LoggerFactory.getLogger(KnownTopic.class);

  private final String name;
  private final String id;
  private final List<Partition> partitions = new ArrayList<>();
  private Map<String, String> settings = Map.of();
  private int replicationFactor;

  /** Also for tests; the product's come from {@link Topics}. */
  public KnownTopic(TopicDescription description) {
    this.name = description.name();
    this.id = description.topicId();
    merge(description);
  }

  private static final class Partition {
    int seenEpoch = -1;
    PartitionInfo info;

    Partition(PartitionInfo info) {
      this.info = info;
    }
  }

  /** Takes what is not older than what is known; true when anything changed. */
  boolean merge(TopicDescription description) {
    boolean changed = !settings.equals(description.settings());
    settings = description.settings();
    replicationFactor = description.replicationFactor();
    for (PartitionInfo info : description.partitions()) {
      if (info.partition() > partitions.size()) {
        break; // a hole would be nobody's partition
      }
      if (info.partition() == partitions.size()) {
        partitions.add(new Partition(info));
        partitions.get(info.partition()).seenEpoch = info.leaderEpoch();
        changed = true;
        continue;
      }
      Partition known = partitions.get(info.partition());
      if (info.leaderEpoch() >= known.seenEpoch && !info.equals(known.info)) {
        if (info.leaderEpoch() > known.info.leaderEpoch()) {
          log.debug(
              "{}/{}: leader {} in epoch {}",
              name,
              info.partition(),
              info.leader(),
              info.leaderEpoch());
        }
        known.seenEpoch = info.leaderEpoch();
        known.info = info;
        changed = true;
      }
    }
    return changed;
  }

  /** A broker answered with this epoch: whoever led in an earlier one leads no more. */
  public void seen(int partition, int leaderEpoch) {
    if (partition < partitions.size()) {
      Partition known = partitions.get(partition);
      known.seenEpoch = Math.max(known.seenEpoch, leaderEpoch);
    }
  }

  public String name() {
    return name;
  }

  public String id() {
    return id;
  }

  /** Only what differs from the cluster's defaults. */
  public Map<String, String> settings() {
    return settings;
  }

  public int partitionCount() {
    return partitions.size();
  }

  /** Absent: nobody, or not known since a newer epoch was seen, or no such partition. */
  public OptionalInt leader(int partition) {
    if (partition >= partitions.size()) {
      return OptionalInt.empty();
    }
    Partition known = partitions.get(partition);
    return known.info.leaderEpoch() < known.seenEpoch ? OptionalInt.empty() : known.info.leader();
  }

  /** Who may lead what that broker leads, once it does not any more. */
  void addSuccessors(int brokerId, Set<Integer> successors) {
    for (Partition partition : partitions) {
      OptionalInt leader = partition.info.leader();
      if (leader.isPresent() && leader.getAsInt() == brokerId) {
        successors.addAll(partition.info.inSync());
      }
    }
    successors.remove(brokerId);
  }

  /** The highest epoch seen; 0 for a partition that is not known. */
  public int leaderEpoch(int partition) {
    return partition < partitions.size() ? partitions.get(partition).seenEpoch : 0;
  }

  public TopicDescription description() {
    return new TopicDescription(
        name, id, replicationFactor, settings, partitions.stream().map(p -> p.info).toList());
  }
}
