package io.millrace.coordination.election;

import static io.millrace.coordination.election.Partitions.threeReplicas;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.v1.PartitionNode;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** P-3: an elected leader that cannot begin gives way. */
class ResignationTest {
  private final PartitionWorld partition = new PartitionWorld(72);

  /** Of 1, as {@link Partitions#threeReplicas} has it. */
  private boolean resign(int epoch) {
    return partition.world.get(
        new Resignation(partition.store)
            .write(PartitionWorld.TOPIC, 0, 1, 11, epoch, "the disk of broker 1 is full"));
  }

  @Test
  void leavesThePartitionWithoutALeaderInTheSameEpochAndTheSetsAsTheyAre() {
    partition.given(threeReplicas());

    assertThat(resign(5)).isTrue();

    PartitionNode now = partition.content();
    assertThat(now.hasLeader()).isFalse();
    assertThat(now.getLeaderEpoch()).isEqualTo(5);
    assertThat(now.getInSyncList()).containsExactly(1, 2, 3);
    assertThat(now.getRollCallList()).isEmpty();
    assertThat(now.getLastChange().getWhy()).isEqualTo("the disk of broker 1 is full");
  }

  @Test
  @DisplayName("hazard 7: who was deposed gives nothing up")
  void writesOnlyWhereItLeads() {
    partition.given(threeReplicas().setLeader(3).setLeaderEpoch(6));
    assertThat(resign(5)).isFalse();
    assertThat(partition.content().getLeader()).isEqualTo(3);
  }

  @Test
  void writesOnlyInThatEpoch() {
    partition.given(threeReplicas());
    assertThat(resign(4)).isFalse();
    assertThat(partition.content().getLeader()).isEqualTo(1);
  }
}
