package io.millrace.coordination.election;

import static io.millrace.coordination.election.Partitions.eligible;
import static io.millrace.coordination.election.Partitions.inSync;
import static io.millrace.coordination.election.Partitions.left;
import static io.millrace.coordination.election.Partitions.lost;
import static io.millrace.coordination.election.Partitions.single;
import static io.millrace.coordination.election.Partitions.threeReplicas;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.VouchedEnd;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** coordination.md, "Doubtful start" and the in-sync set that never becomes empty. */
class DoubtfulLeaveTest {
  private static final LogPosition POSITION = new LogPosition(5, 100);

  private static @Nullable PartitionNode plan(
      PartitionNode.Builder node, int self, boolean isLost) {
    return DoubtfulLeave.plan(node.build(), self, POSITION, isLost ? Loss.ALL : Loss.UNFLUSHED);
  }

  private static PartitionNode leave(PartitionNode.Builder node, int self) {
    return leave(node, self, false);
  }

  private static PartitionNode leave(PartitionNode.Builder node, int self, boolean isLost) {
    PartitionNode next = plan(node, self, isLost);
    assertThat(next).isNotNull();
    if (next == null) {
      return PartitionNode.getDefaultInstance();
    }
    assertThat(ZnodeJson.PARTITION.read(ZnodeJson.PARTITION.write(next)))
        .isEqualTo(new ZnodeReading.Understood<>(next, true));
    assertThat(next.getLeaderEpoch()).isEqualTo(node.getLeaderEpoch());
    assertThat(plan(next.toBuilder(), self, isLost)).as("left once").isNull();
    return next;
  }

  @Test
  void leavesTheInSyncSetAndSaysWhatItHas() {
    PartitionNode next = leave(threeReplicas(), 2);

    assertThat(next.getInSyncList()).containsExactly(1, 3);
    assertThat(next.getEligibleList()).isEmpty();
    assertThat(next.getRollCallList()).containsExactly(left(2, 5, 100));
    assertThat(next.getLeader()).isEqualTo(1);
    assertThat(next.getLastChange().getWhy()).contains("doubt");
  }

  @Test
  void aLeaderLeavesItsLeadershipToo() {
    PartitionNode next = leave(threeReplicas(), 1);
    assertThat(next.hasLeader()).isFalse();
    assertThat(next.getInSyncList()).containsExactly(2, 3);
  }

  @Test
  void leavesTheEligibleSet() {
    PartitionNode next = leave(eligible(inSync(threeReplicas(), 1), 2, 3).setSoleFlushed(true), 2);
    assertThat(next.getInSyncList()).containsExactly(1);
    assertThat(next.getEligibleList()).containsExactly(3);
    assertThat(next.getSoleFlushed()).as("the set of in-sync replicas is the same").isTrue();
  }

  @Test
  @DisplayName("coordination.md: when the last member leaves, the eligible become the in-sync set")
  void theEligibleTakeOver() {
    PartitionNode next = leave(eligible(inSync(threeReplicas(), 1), 2, 3).setSoleFlushed(true), 1);
    assertThat(next.getInSyncList()).containsExactly(2, 3);
    assertThat(next.getEligibleList()).isEmpty();
    assertThat(next.getSoleFlushed()).isFalse();
  }

  @Test
  @DisplayName("coordination.md: with none, the last member stays recorded though in doubt")
  void theLastMemberStaysRecorded() {
    PartitionNode next = leave(single(), 1);
    assertThat(next.getInSyncList()).containsExactly(1);
    assertThat(next.hasLeader()).isFalse();
    assertThat(next.getRollCallList()).containsExactly(left(1, 5, 100));
    assertThat(next.getSoleFlushed()).isTrue();
  }

  @Test
  @DisplayName("F21: of a lost directory nothing is vouched for")
  void theLostVouchForNothing() {
    PartitionNode next = leave(single(), 1, true);
    assertThat(next.getInSyncList()).containsExactly(1);
    assertThat(next.getSoleFlushed()).isFalse();
    assertThat(next.getRollCallList()).containsExactly(lost(1));
  }

  @Test
  void anEarlierEntryOfItsOwnIsReplaced() {
    PartitionNode next =
        leave(threeReplicas().addRollCall(left(2, 4, 7)).addRollCall(left(3, 5, 8)), 2);
    assertThat(next.getRollCallList()).containsExactly(left(3, 5, 8), left(2, 5, 100));
  }

  @Test
  void whoIsNoMemberHasNothingToLeave() {
    assertThat(plan(inSync(threeReplicas(), 1, 3), 2, false)).isNull();
    assertThat(plan(threeReplicas(), 4, false)).isNull();
  }

  @Test
  @DisplayName("a whole cluster that lost power calls its roll and the highest leads")
  void afterAWholePowerLossTheHighestLeads() {
    PartitionNode.Builder node = threeReplicas();
    for (int self = 1; self <= 3; self++) {
      PartitionNode next =
          DoubtfulLeave.plan(
              node.build(), self, new LogPosition(5, 100 + self % 3), Loss.UNFLUSHED);
      assertThat(next).isNotNull();
      node = next == null ? node : next.toBuilder();
    }

    assertThat(new RollCall(node.build()).decides()).isTrue();
    assertThat(new RollCall(node.build()).highest()).isEqualTo(left(2, 5, 102));
  }

  private static PartitionNode.Builder vouching(int epoch, long end) {
    return inSync(threeReplicas(), 1)
        .setSoleFlushed(true)
        .setVouched(VouchedEnd.newBuilder().setLastEpoch(epoch).setLogEnd(end));
  }

  @Test
  @DisplayName("P-8: who has at least what it had vouched for is believed")
  void p8_whoHasWhatItVouchedForIsBelieved() {
    for (PartitionNode.Builder node : List.of(vouching(5, 100), vouching(4, 99))) {
      PartitionNode next = leave(node, 1);
      assertThat(next.getSoleFlushed()).isTrue();
      assertThat(next.hasVouched()).as("and says it still").isTrue();
      assertThat(next.getRollCallList()).containsExactly(left(1, 5, 100));
    }
  }

  @Test
  @DisplayName("P-8, G-9: who has less than it had vouched for is not, and all are asked")
  void p8_whoHasLessThanItVouchedForIsNotBelieved() {
    for (PartitionNode.Builder node : List.of(vouching(5, 101), vouching(6, 100))) {
      PartitionNode next = leave(node, 1);
      assertThat(next.getSoleFlushed()).isFalse();
      assertThat(next.hasVouched()).isFalse();
      assertThat(next.getRollCall(0).getLostFlushed()).isTrue();
      assertThat(next.getLastChange().getWhy()).contains("less than it had flushed");
      assertThat(new RollCall(next).asksAll()).isTrue();
    }
  }

  @Test
  @DisplayName("P-8: a log that was cut where no power loss cuts is not believed, whatever its end")
  void p8_aLogThatWasCutInItsMiddleIsNotBelieved() {
    PartitionNode next = DoubtfulLeave.plan(vouching(5, 10).build(), 1, POSITION, Loss.FLUSHED);
    assertThat(next).isNotNull();
    if (next != null) {
      assertThat(next.getSoleFlushed()).isFalse();
      assertThat(new RollCall(next).asksAll()).isTrue();
      assertThat(DoubtfulLeave.plan(next, 1, POSITION, Loss.FLUSHED)).as("once").isNull();
      PartitionNode again = DoubtfulLeave.plan(next, 1, new LogPosition(5, 90), Loss.UNFLUSHED);
      assertThat(again).as("another power loss").isNotNull();
      if (again != null) {
        assertThat(new RollCall(again).asksAll()).as("still").isTrue();
      }
    }
  }

  @Test
  @DisplayName("a node of before there was a vouched end is believed as it was")
  void aNodeThatNamesNoVouchedEndIsBelieved() {
    PartitionNode next = leave(inSync(threeReplicas(), 1).setSoleFlushed(true), 1);
    assertThat(next.getSoleFlushed()).isTrue();
  }

  @Test
  void whatOneVouchesForIsNothingToTheOthers() {
    PartitionNode next = leave(eligible(vouching(6, 500), 2, 3), 2);
    assertThat(next.getSoleFlushed()).isTrue();
    assertThat(next.getRollCallList()).containsExactly(left(2, 5, 100));
  }

  @Test
  void aSingleReplicaHasNobodyToAsk() {
    PartitionNode.Builder alone =
        single().setVouched(VouchedEnd.newBuilder().setLastEpoch(5).setLogEnd(101));
    PartitionNode next = leave(alone, 1);
    assertThat(next.getSoleFlushed()).isFalse();
    assertThat(new RollCall(next).asksAll()).isFalse();
    assertThat(new RollCall(next).decides()).isTrue();
  }

  @Test
  @DisplayName("B88: that it had flushed all is not true of an old copy of its disk")
  void b88_anOldCopyIsNotVouchedFor() {
    PartitionNode alone =
        PartitionNode.newBuilder()
            .setVersion(1)
            .addReplicas(2)
            .addInSync(2)
            .setSoleFlushed(true)
            .setLeaderEpoch(3)
            .build();
    PartitionNode left = DoubtfulLeave.plan(alone, 2, POSITION, Loss.SINCE_A_COPY);
    assertThat(left).isNotNull();
    if (left != null) {
      assertThat(left.getSoleFlushed()).isFalse();
      assertThat(left.getInSyncList()).containsExactly(2);
      assertThat(left.getLastChange().getWhy()).contains("old copy");
      assertThat(DoubtfulLeave.plan(left, 2, POSITION, Loss.SINCE_A_COPY)).as("once").isNull();
    }
  }
}
