package io.millrace.server.coordinator;

import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.topics.TopicRequest;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When the topic that keeps groups is made, and with how many replicas. It is made once in the life
 * of a cluster and gets more only when a person asks for it; so a consumer that happens to come
 * while the first broker is up and the others are still starting must not have everybody's offsets
 * kept in one place until somebody notices. Any thread.
 */
public final class GroupsTopicStart {
  private static final Logger LOG = LoggerFactory.getLogger(GroupsTopicStart.class);

  /** For brokers that nobody has ever seen: there may be none. */
  private static final long NEW_CLUSTER_NANOS = SECONDS.toNanos(10);

  /** For such as hold partitions, and are away. */
  private static final long KNOWN_BROKERS_NANOS = SECONDS.toNanos(60);

  private final int wantedReplicas;

  /** When somebody asked for the first time; empty before. */
  private final AtomicReference<Long> firstAskedNanos = new AtomicReference<>();

  /** What to do now. */
  public sealed interface Verdict {
    record Make(TopicRequest topic) implements Verdict {}

    /**
     * @param why for people; to be asked again
     */
    record Wait(String why) implements Verdict {}
  }

  public GroupsTopicStart(int wantedReplicas) {
    this.wantedReplicas = wantedReplicas;
  }

  /** Somebody looks for a group, and there is no topic yet. */
  public Verdict decide(ClusterImage cluster, long nowNanos) {
    int live = cluster.brokers().size();
    if (live >= wantedReplicas) {
      return new Verdict.Make(GroupsTopic.toCreate(wantedReplicas));
    }
    firstAskedNanos.compareAndSet(null, nowNanos);
    Set<Integer> missing = known(cluster);
    missing.removeAll(cluster.brokers().keySet());
    long patienceNanos = missing.isEmpty() ? NEW_CLUSTER_NANOS : KNOWN_BROKERS_NANOS;
    Long first = firstAskedNanos.get();
    long leftNanos = patienceNanos - (nowNanos - (first == null ? nowNanos : first));
    String few =
        "%s shall have %d replicas (group.replicas), and of the brokers only %s are there"
            .formatted(GroupsTopic.NAME, wantedReplicas, new TreeSet<>(cluster.brokers().keySet()));
    if (leftNanos > 0) {
      return new Verdict.Wait(
          few
              + (missing.isEmpty() ? "" : ", without " + missing)
              + "; it is made with these in %d s".formatted(1 + NANOSECONDS.toSeconds(leftNanos)));
    }
    LOG.warn(
        "{}: it is made with {} replica(s), and stays so until 'topic alter __groups --replicas N'",
        few,
        Math.max(1, live));
    return new Verdict.Make(GroupsTopic.toCreate(Math.max(1, live)));
  }

  /** Whoever holds a partition of any topic. */
  private static Set<Integer> known(ClusterImage cluster) {
    Set<Integer> known = new HashSet<>();
    for (TopicImage topic : cluster.topics().values()) {
      for (PartitionImage partition : topic.partitions()) {
        if (partition != null) {
          known.addAll(partition.replicas());
        }
      }
    }
    return new TreeSet<>(known);
  }
}
