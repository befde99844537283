package io.millrace.coordination.election;

import static io.millrace.coordination.election.Partitions.inSync;
import static io.millrace.coordination.election.Partitions.threeReplicas;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.election.SetsWrite.Outcome;
import io.millrace.coordination.store.MemoryEnsemble.WriteFate;
import io.millrace.coordination.v1.PartitionNode;
import java.util.OptionalInt;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** coordination.md, "Topics": the leader itself hands over. */
class HandOverTest {
  private final PartitionWorld partition = new PartitionWorld(71);

  /** From 1, as {@link Partitions#threeReplicas} has it, to 2 in its incarnation 0. */
  private static HandOver.Change toTwo() {
    return new HandOver.Change(1, 11, 5, 2, 0, "broker 1 is stopping");
  }

  private Outcome write(HandOver.Change change) {
    return partition.world.get(
        new HandOver(partition.store).write(PartitionWorld.TOPIC, 0, change));
  }

  @Test
  void namesTheOtherInTheNextEpochAndLeavesTheSetsAlone() {
    partition.given(threeReplicas());

    assertThat(write(toTwo())).isInstanceOf(Outcome.Written.class);

    PartitionNode now = partition.content();
    assertThat(now.getLeader()).isEqualTo(2);
    assertThat(now.getLeaderIncarnation()).isZero();
    assertThat(now.getLeaderEpoch()).isEqualTo(6);
    assertThat(now.getInSyncList()).containsExactly(1, 2, 3);
    assertThat(now.getLastChange().getWhy()).isEqualTo("broker 1 is stopping");
  }

  @ParameterizedTest
  @CsvSource({"2, 2 3", "1, 2 3", "3, 1 2 3"})
  void whoStopsLeavesTheInSyncSetWithItWhereEnoughAreLeft(int minInSync, String after) {
    partition.given(threeReplicas());

    write(toTwoLeaving(minInSync));

    assertThat(partition.content().getLeader()).isEqualTo(2);
    assertThat(partition.content().getInSyncList())
        .extracting(String::valueOf)
        .containsExactly(after.split(" "));
  }

  @Test
  @DisplayName("H3: nobody becomes the only member by somebody else's write")
  void leavesNobodyAlone() {
    partition.given(inSync(threeReplicas(), 1, 2));
    write(toTwoLeaving(1));
    assertThat(partition.content().getLeader()).isEqualTo(2);
    assertThat(partition.content().getInSyncList()).containsExactly(1, 2);
  }

  private static HandOver.Change toTwoLeaving(int minInSync) {
    return new HandOver.Change(1, 11, 5, 2, 0, OptionalInt.of(minInSync), "broker 1 is stopping");
  }

  @Test
  @DisplayName("hazard 7: who was deposed hands nothing over")
  void writesOnlyWhereItLeads() {
    partition.given(threeReplicas().setLeader(3).setLeaderEpoch(6));
    assertThat(write(toTwo()))
        .isInstanceOfSatisfying(
            Outcome.Moved.class, moved -> assertThat(moved.now().leader()).hasValue(3));
  }

  @Test
  void handsOverOnlyToAMemberOfTheInSyncSet() {
    partition.given(inSync(threeReplicas(), 1, 3));
    assertThat(write(toTwo())).isInstanceOf(Outcome.Moved.class);
    assertThat(partition.content().getLeader()).isEqualTo(1);
  }

  @Test
  void namesNobodyWhoHasRestartedSince() {
    partition.given(threeReplicas());
    partition.registerAnew(2);
    assertThat(write(toTwo())).isInstanceOf(Outcome.Refused.class);
    assertThat(partition.content().getLeaderEpoch()).isEqualTo(5);
  }

  @ParameterizedTest
  @EnumSource(WriteFate.class)
  void isWrittenOnceWhateverBecomesOfTheFirstSending(WriteFate fate) {
    partition.given(threeReplicas());
    partition.world.ensemble().setNextWrite(partition.store, fate);

    assertThat(write(toTwo())).isInstanceOf(Outcome.Written.class);
    partition.world.scheduler().runFor(1_000_000_000);
    assertThat(partition.content().getLeaderEpoch()).isEqualTo(6);
  }
}
