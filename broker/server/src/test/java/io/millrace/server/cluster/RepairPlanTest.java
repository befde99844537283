package io.millrace.server.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** I14, B82: a damaged copy is copied anew, never before it is out of the sets. */
class RepairPlanTest {
  private static final int SELF = 1;
  private static final int EPOCH = 4;

  @Test
  void leavesTheSetsFirst() {
    assertThat(decide(7, led(2, 5, List.of(1, 2), List.of()))).isEqualTo(RepairPlan.LEAVE);
    assertThat(decide(7, led(2, 5, List.of(2), List.of(1)))).isEqualTo(RepairPlan.LEAVE);
  }

  @Test
  void copiesAnewOnceItIsOut() {
    assertThat(decide(7, led(2, 5, List.of(2), List.of()))).isEqualTo(RepairPlan.COPY_ANEW);
  }

  @Test
  void touchesNothingWhileNobodyElseLeads() {
    assertThat(decide(7, led(-1, 0, List.of(1), List.of()))).isEqualTo(RepairPlan.WAIT);
    assertThat(decide(7, led(SELF, 6, List.of(1), List.of()))).isEqualTo(RepairPlan.WAIT);
    assertThat(decide(7, led(2, 4, List.of(2), List.of()))).isEqualTo(RepairPlan.WAIT);
  }

  @Test
  void waitsUntilTheBrokerIsRegistered() {
    assertThat(decide(0, led(2, 5, List.of(2), List.of()))).isEqualTo(RepairPlan.WAIT);
  }

  /** B91 */
  @Test
  void aLeaderWhoseLogFailsLeavesUnlessItIsTheLastMember() {
    assertThat(RepairPlan.mustResign(SELF, 6, led(SELF, 6, List.of(1, 2), List.of()))).isTrue();
    assertThat(RepairPlan.mustResign(SELF, 6, led(SELF, 6, List.of(1), List.of(2)))).isTrue();
    assertThat(RepairPlan.mustResign(SELF, 6, led(SELF, 6, List.of(1), List.of()))).isFalse();
    assertThat(RepairPlan.mustResign(SELF, 7, led(SELF, 6, List.of(1, 2), List.of()))).isFalse();
    assertThat(RepairPlan.mustResign(SELF, 6, led(2, 5, List.of(1, 2), List.of()))).isFalse();
  }

  @Test
  @DisplayName("P-6: a copy that was used in this epoch is of no use in it any more")
  void asksTheLeaderWhereItHasFetchedInThisEpoch() {
    PartitionImage member = led(2, 5, List.of(1, 2), List.of());
    PartitionImage outside = led(2, 5, List.of(2), List.of());
    for (int usedIn : new int[] {EPOCH, EPOCH + 1}) {
      assertThat(decide(7, member, usedIn)).isEqualTo(RepairPlan.ASK_THE_LEADER);
      assertThat(decide(7, outside, usedIn)).isEqualTo(RepairPlan.ASK_THE_LEADER);
    }
    assertThat(decide(7, member, EPOCH - 1)).isEqualTo(RepairPlan.LEAVE);
    assertThat(decide(7, outside, EPOCH - 1)).isEqualTo(RepairPlan.COPY_ANEW);
  }

  @Test
  @DisplayName("P-6: one that is named as its log fails leaves, if another can lead")
  void resignsWhatItWasJustHanded() {
    assertThat(decide(6, led(SELF, 6, List.of(1, 2), List.of()), 3)).isEqualTo(RepairPlan.RESIGN);
    assertThat(decide(6, led(SELF, 6, List.of(1), List.of()), 3)).isEqualTo(RepairPlan.WAIT);
    assertThat(decide(7, led(SELF, 6, List.of(1, 2), List.of()), 3)).isEqualTo(RepairPlan.WAIT);
  }

  private static RepairPlan decide(int incarnation, PartitionImage partition) {
    return decide(incarnation, partition, -1);
  }

  private static RepairPlan decide(int incarnation, PartitionImage partition, int usedIn) {
    ClusterImage image =
        new ClusterImage(
            "cluster", 1, Map.of(2, new BrokerImage(2, 5, Map.of(), "", "1")), Map.of());
    return RepairPlan.decide(SELF, incarnation, image, partition, usedIn);
  }

  private static PartitionImage led(
      int leader, int incarnation, List<Integer> inSync, List<Integer> eligible) {
    OptionalInt by = leader < 0 ? OptionalInt.empty() : OptionalInt.of(leader);
    return new PartitionImage(
        0, List.of(SELF, 2), by, incarnation, EPOCH, inSync, eligible, false, "", 0);
  }
}
