package io.millrace.server.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.server.health.BrokerHealth;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.PartitionReading;
import io.millrace.server.partition.ReplicationLag;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BrokerExplanationTest {
  private final List<@Nullable PartitionImage> partitions = new ArrayList<>();
  private final List<PartitionReading> readings = new ArrayList<>();
  private BrokerHealth.Verdict ready = new BrokerHealth.Verdict(true, "ready");
  private int unopened;
  private Map<Integer, String> suspected = Map.of();
  private Map<String, String> refusedNodes = Map.of();
  private final List<Finding> waits = new ArrayList<>();

  @Test
  void namesANodeOfZooKeeperThatMakesNoSense() {
    refusedNodes = Map.of("/topics/b", "version 1: no JSON", "/topics/a", "version 2: no JSON");
    assertThat(findings())
        .filteredOn(each -> each.reason() == Reason.NODES_REFUSED)
        .singleElement()
        .extracting(Finding::text)
        .isEqualTo("/topics/a in ZooKeeper makes no sense: version 2: no JSON; and 1 more");
  }

  @Test
  void saysWhatItLeadsAndCopies() {
    add(1, List.of(1, 2), List.of(1, 2), PartitionReading.State.LED);
    add(2, List.of(2, 1), List.of(2, 1), PartitionReading.State.FOLLOWING);
    assertThat(findings())
        .containsExactly(
            Finding.of(Reason.SERVING, "broker 1 is ready"),
            Finding.of(Reason.LEADING, "leads 1 partition(s) and copies 1"));
  }

  @Test
  void saysWhyItIsNotReadyFirst() {
    ready = new BrokerHealth.Verdict(false, "the disk is full");
    waits.add(Finding.of(Reason.NO_ZOOKEEPER, "no contact with ZooKeeper"));
    assertThat(findings().get(0)).isEqualTo(Finding.of(Reason.NOT_READY, "the disk is full"));
    assertThat(findings().get(1)).isEqualTo(waits.get(0));
  }

  @Test
  void namesWhoDoesNotAnswer() {
    suspected = Map.of(2, "reset, and no answer since");
    assertThat(findings())
        .contains(
            Finding.of(
                Reason.BROKER_SUSPECTED,
                "broker 2 is taken for dead here: reset, and no answer since"));
  }

  @Test
  void namesPartitionsInTrouble() {
    add(9, List.of(1, 9), List.of(9), PartitionReading.State.IDLE);
    add(1, List.of(1, 2), List.of(1), PartitionReading.State.LED);
    add(2, List.of(2, 1), List.of(2), PartitionReading.State.FOLLOWING);
    add(2, List.of(1, 2), List.of(1, 2), PartitionReading.State.FOLLOWING);
    add(2, List.of(2, 3), List.of(2), null); // not of this broker
    partitions.add(null);
    assertThat(findings())
        .extracting(Finding::text)
        .contains(
            "1 partition(s) that nobody leads: notes/0",
            "1 partition(s) led here, with replicas that are not in sync: notes/1",
            "1 partition(s) copied here and not in sync: notes/2",
            "others lead, though this broker comes first among the replicas: notes/3");
  }

  @Test
  void namesSomeOfManyAndCountsTheRest() {
    for (int i = 0; i < 12; i++) {
      add(9, List.of(1, 9), List.of(9), PartitionReading.State.OFFLINE);
    }
    unopened = 2;
    assertThat(findings())
        .extracting(Finding::text)
        .anyMatch(text -> text.startsWith("12 partition(s)") && text.endsWith(" and 2 more"))
        .anyMatch(text -> text.startsWith("logs that have failed: notes~aaaaaaaa-0"))
        .contains("2 log(s) could not be opened at the start");
  }

  private void add(
      int leader,
      List<Integer> replicas,
      List<Integer> inSync,
      PartitionReading.@Nullable State state) {
    int number = partitions.size();
    partitions.add(
        new PartitionImage(
            number, replicas, OptionalInt.of(leader), 7, 4, inSync, List.of(), false, "", 1));
    if (state != null) {
      readings.add(
          new PartitionReading(
              new PartitionId("notes~aaaaaaaa", number),
              state,
              0,
              1,
              0,
              0,
              0,
              0,
              ReplicationLag.NONE));
    }
  }

  private List<Finding> findings() {
    TopicImage topic =
        new TopicImage(
            "notes", "notes~aaaaaaaa", false, partitions.size(), 2, Map.of(), partitions);
    ClusterImage image =
        new ClusterImage(
            "c",
            1,
            Map.of(
                1, new BrokerImage(1, 7, Map.of(), "", ""),
                2, new BrokerImage(2, 7, Map.of(), "", "")),
            Map.of("notes", topic));
    return BrokerExplanation.of(
        new BrokerScene(1, image, ready, readings, unopened, suspected, refusedNodes, waits));
  }
}
