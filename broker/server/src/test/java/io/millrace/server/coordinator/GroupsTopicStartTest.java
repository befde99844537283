package io.millrace.server.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The topic that keeps groups waits for the brokers that it shall be kept by")
class GroupsTopicStartTest {
  private static final long BEGIN = -5_000_000_000L;

  private final GroupsTopicStart start = new GroupsTopicStart(3);

  private static ClusterImage cluster(List<Integer> live, List<Integer> replicasOfATopic) {
    Map<Integer, BrokerImage> brokers = new TreeMap<>();
    live.forEach(id -> brokers.put(id, new BrokerImage(id, 1, Map.of(), "", "")));
    Map<String, TopicImage> topics = new TreeMap<>();
    if (!replicasOfATopic.isEmpty()) {
      topics.put("orders", topic(replicasOfATopic));
    }
    return new ClusterImage("cluster", 1, brokers, topics);
  }

  private GroupsTopicStart.Verdict after(int seconds, ClusterImage cluster) {
    return start.decide(cluster, BEGIN + TimeUnit.SECONDS.toNanos(seconds));
  }

  private static OptionalInt replicas(GroupsTopicStart.Verdict verdict) {
    return verdict instanceof GroupsTopicStart.Verdict.Make make
        ? make.topic().replicationFactor()
        : OptionalInt.empty();
  }

  @Test
  void isMadeAtOnceWhereThereAreEnough() {
    assertThat(replicas(after(0, cluster(List.of(1, 2, 3, 4), List.of())))).hasValue(3);
  }

  @Test
  void waitsForBrokersThatAreStillStarting() {
    assertThat(after(0, cluster(List.of(1), List.of())))
        .isInstanceOfSatisfying(
            GroupsTopicStart.Verdict.Wait.class,
            wait -> assertThat(wait.why()).contains("3 replicas").contains("[1]"));
    assertThat(replicas(after(9, cluster(List.of(1, 2), List.of())))).isEmpty();
    assertThat(replicas(after(9, cluster(List.of(1, 2, 3), List.of())))).hasValue(3);
  }

  @Test
  void isMadeWithWhatThereIsWhenNobodyElseComes() {
    ClusterImage alone = cluster(List.of(1), List.of());
    after(0, alone);
    assertThat(replicas(after(10, alone))).hasValue(1);
  }

  @Test
  void waitsLongerForBrokersThatAreKnown() {
    ClusterImage others = cluster(List.of(1), List.of(1, 2));
    assertThat(after(0, others))
        .isInstanceOfSatisfying(
            GroupsTopicStart.Verdict.Wait.class,
            wait -> assertThat(wait.why()).contains("without [2]"));
    assertThat(replicas(after(30, others))).isEmpty();
    assertThat(replicas(after(60, others))).hasValue(1);
  }

  private static TopicImage topic(List<Integer> replicas) {
    List<PartitionImage> partitions = new ArrayList<>();
    partitions.add(
        new PartitionImage(
            0, replicas, OptionalInt.of(1), 1, 1, replicas, List.of(), false, "", 1));
    return new TopicImage("orders", "orders~aaaaaaaa", false, 1, 2, Map.of(), partitions);
  }
}
