package io.millrace.client.cluster;

import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicDescription;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
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
    @Nullable Hint hint;

    Partition(PartitionInfo info) {
      this.info = info;
    }
  }

  /**
   * Who leads, as the broker says that led before. Good for one try: nothing that was learned in
   * another way gives way to it, and it is forgotten when it turns out to be wrong.
   */
  private record Hint(int leader, int epoch) {}

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
    Hint hint = hint(known);
    if (hint != null) {
      return OptionalInt.of(hint.leader());
    }
    return known.info.leaderEpoch() < known.seenEpoch ? OptionalInt.empty() : known.info.leader();
  }

  /** Null when there is none, or better is known. */
  private static @Nullable Hint hint(Partition known) {
    Hint hint = known.hint;
    return hint != null
            && hint.epoch() >= known.seenEpoch
            && hint.epoch() > known.info.leaderEpoch()
        ? hint
        : null;
  }

  boolean isLedBy(int brokerId) {
    return partitions.stream()
        .map(partition -> partition.info.leader())
        .anyMatch(leader -> leader.isPresent() && leader.getAsInt() == brokerId);
  }

  /**
   * That broker is gone: what it led is led next by the first of its in-sync replicas, most
   * probably, in the next epoch; that one keeps what it is sent until it does, or knows who does.
   *
   * @param isConnected whoever is not cannot be asked at once
   * @return whether anything is believed now that was not before
   */
  boolean guessSuccessors(int brokerId, IntPredicate isConnected) {
    boolean guessed = false;
    for (Partition partition : partitions) {
      PartitionInfo info = partition.info;
      Optional<Integer> next = successors(info, brokerId).stream().findFirst();
      boolean isLost =
          info.leader().isPresent()
              && info.leader().getAsInt() == brokerId
              && info.leaderEpoch() == partition.seenEpoch
              && partition.seenEpoch < Integer.MAX_VALUE
              && hint(partition) == null;
      if (isLost && next.isPresent() && isConnected.test(next.get())) {
        partition.hint = new Hint(next.get(), partition.seenEpoch + 1);
        guessed = true;
      }
    }
    return guessed;
  }

  /** A broker that does not lead says who does; passed over unless that is news. */
  void hint(int partition, int leader, int epoch) {
    if (partition < partitions.size() && epoch > leaderEpoch(partition)) {
      partitions.get(partition).hint = new Hint(leader, epoch);
    }
  }

  /** Whoever was asked in that epoch, perhaps by a hint, did not lead in it. */
  public void forgetHint(int partition, int epoch) {
    if (partition < partitions.size()) {
      Partition known = partitions.get(partition);
      Hint hint = known.hint;
      if (hint != null && hint.epoch() <= epoch) {
        known.hint = null;
      }
    }
  }

  /**
   * Who may lead what that broker leads, once it does not any more.
   *
   * @param rank 0: of each partition whoever comes first, 1: whoever comes next, ...
   * @return how many ranks there are
   */
  int addSuccessors(int brokerId, int rank, Set<Integer> successors) {
    int ranks = 0;
    for (Partition partition : partitions) {
      PartitionInfo info = partition.info;
      if (info.leader().isPresent() && info.leader().getAsInt() == brokerId) {
        List<Integer> others = successors(info, brokerId);
        if (rank < others.size()) {
          successors.add(others.get(rank));
        }
        ranks = Math.max(ranks, others.size());
      }
    }
    return ranks;
  }

  /** In-sync replicas stand for election in the order of assignment. */
  private static List<Integer> successors(PartitionInfo info, int lost) {
    return info.replicas().stream().filter(id -> id != lost && info.inSync().contains(id)).toList();
  }

  /** The highest epoch seen, or that of a hint; 0 for a partition that is not known. */
  public int leaderEpoch(int partition) {
    if (partition >= partitions.size()) {
      return 0;
    }
    Partition known = partitions.get(partition);
    Hint hint = hint(known);
    return hint == null ? known.seenEpoch : hint.epoch();
  }

  public TopicDescription description() {
    return new TopicDescription(
        name, id, replicationFactor, settings, partitions.stream().map(p -> p.info).toList());
  }
}
