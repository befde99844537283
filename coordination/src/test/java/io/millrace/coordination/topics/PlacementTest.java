package io.millrace.coordination.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PlacementTest {
  private static ClusterImage cluster(Map<Integer, String> racks, TopicImage... topics) {
    Map<Integer, BrokerImage> brokers = new HashMap<>();
    racks.forEach((id, rack) -> brokers.put(id, new BrokerImage(id, 1, Map.of(), rack, "")));
    Map<String, TopicImage> byName = new HashMap<>();
    for (TopicImage topic : topics) {
      byName.put(topic.name(), topic);
    }
    return new ClusterImage("c", 1, brokers, byName);
  }

  private static TopicImage topic(List<List<Integer>> replicas) {
    List<PartitionImage> partitions = new ArrayList<>();
    for (int i = 0; i < replicas.size(); i++) {
      partitions.add(
          new PartitionImage(
              i,
              replicas.get(i),
              OptionalInt.empty(),
              0,
              1,
              replicas.get(i),
              List.of(),
              false,
              "",
              0));
    }
    return new TopicImage(
        "old",
        "old~aaaaaaaa",
        false,
        replicas.size(),
        replicas.get(0).size(),
        Map.of(),
        partitions);
  }

  private static Map<Integer, Integer> counts(List<List<Integer>> placed, boolean onlyFirst) {
    Map<Integer, Integer> counts = new HashMap<>();
    placed.forEach(
        replicas ->
            replicas
                .subList(0, onlyFirst ? 1 : replicas.size())
                .forEach(id -> counts.merge(id, 1, Integer::sum)));
    return counts;
  }

  @Test
  void spreadsLeadersEvenly() {
    ClusterImage cluster = cluster(Map.of(1, "", 2, "", 3, ""));
    for (long seed = 0; seed < 50; seed++) {
      assertThat(counts(Placement.place(cluster, 7, 1, new SplittableRandom(seed)), true).values())
          .containsExactlyInAnyOrder(3, 2, 2);
    }
  }

  @Test
  void aBrokerThatDiesIsFollowedByAllOthersAlike() {
    ClusterImage cluster = cluster(Map.of(1, "", 2, "", 3, "", 4, ""));
    for (long seed = 0; seed < 50; seed++) {
      for (int replicas = 2; replicas <= 4; replicas++) {
        List<List<Integer>> old =
            Placement.place(cluster, 12, replicas, new SplittableRandom(seed));
        List<List<Integer>> placed =
            Placement.place(
                cluster(Map.of(1, "", 2, "", 3, "", 4, ""), topic(old)),
                24,
                replicas,
                new SplittableRandom(~seed));
        placed = new ArrayList<>(placed);
        placed.addAll(old);
        Map<List<Integer>, Integer> seconds = new HashMap<>();
        placed.forEach(each -> seconds.merge(each.subList(0, 2), 1, Integer::sum));
        assertThat(seconds).hasSize(12);
        assertThat(seconds.values()).allMatch(count -> count >= 2 && count <= 4);
      }
    }
  }

  @Test
  void fillsUpThoseThatHaveLess() {
    ClusterImage cluster =
        cluster(
            Map.of(1, "", 2, "", 3, ""),
            topic(List.of(List.of(1), List.of(1), List.of(1), List.of(2))));

    List<List<Integer>> placed = Placement.place(cluster, 5, 1, new SplittableRandom(1));

    assertThat(counts(placed, true)).isEqualTo(Map.of(2, 2, 3, 3));
  }

  @Test
  void singlePartitionTopicsDoNotAllBeginAtTheSameBroker() {
    ClusterImage cluster = cluster(Map.of(1, "", 2, "", 3, ""));
    Set<Integer> first = new HashSet<>();
    for (long seed = 0; seed < 50; seed++) {
      first.add(Placement.place(cluster, 1, 1, new SplittableRandom(seed)).get(0).get(0));
    }
    assertThat(first).containsExactlyInAnyOrder(1, 2, 3);
  }

  @Test
  void isTheSameForTheSameSeed() {
    ClusterImage cluster = cluster(Map.of(1, "a", 2, "b", 3, "a", 4, ""));
    assertThat(Placement.place(cluster, 20, 2, new SplittableRandom(9)))
        .isEqualTo(Placement.place(cluster, 20, 2, new SplittableRandom(9)));
  }

  @Test
  @DisplayName("coordination.md: rack-aware")
  void usesAsManyRacksAsThereAre() {
    ClusterImage cluster = cluster(Map.of(1, "a", 2, "a", 3, "b", 4, "b", 5, "c", 6, "c"));
    for (long seed = 0; seed < 50; seed++) {
      for (List<Integer> replicas : Placement.place(cluster, 12, 3, new SplittableRandom(seed))) {
        assertThat(replicas.stream().map(id -> (id - 1) / 2).distinct()).hasSize(3);
      }
    }
  }

  @Test
  void usesARackTwiceRatherThanFailing() {
    ClusterImage cluster = cluster(Map.of(1, "a", 2, "a", 3, "b"));
    List<List<Integer>> placed = Placement.place(cluster, 6, 3, new SplittableRandom(2));
    assertThat(placed).allSatisfy(replicas -> assertThat(replicas).containsOnlyOnce(1, 2, 3));
    assertThat(counts(placed, true).values()).containsOnly(2);
  }

  @Test
  void brokersWithoutARackAreRacksOfTheirOwn() {
    ClusterImage cluster = cluster(Map.of(1, "", 2, "", 3, "", 4, ""));
    List<List<Integer>> placed = Placement.place(cluster, 8, 2, new SplittableRandom(3));
    assertThat(counts(placed, false).values()).containsOnly(4);
    assertThat(counts(placed, true).values()).containsOnly(2);
  }

  @Test
  void neverPlacesTwoReplicasOnOneBroker() {
    assertThatThrownBy(() -> Placement.place(cluster(Map.of(1, "")), 1, 2, new SplittableRandom(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void brokersThatAreGoneCountForNothing() {
    ClusterImage cluster = cluster(Map.of(2, ""), topic(List.of(List.of(1), List.of(9))));
    assertThat(Placement.place(cluster, 2, 1, new SplittableRandom(1)))
        .isEqualTo(List.of(List.of(2), List.of(2)));
  }
}
