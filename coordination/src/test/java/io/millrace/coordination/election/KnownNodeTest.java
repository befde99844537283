package io.millrace.coordination.election;

import static io.millrace.coordination.election.Partitions.threeReplicas;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.store.MemoryEnsemble.WriteFate;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.view.KnownPartitions;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Writes that are decided from what a watch has shown: the version says whether that still holds.
 */
@DisplayName("hazard 6: nobody writes who has not read that version")
class KnownNodeTest {
  private final PartitionWorld partition = new PartitionWorld(72);

  private static KnownPartitions known(PartitionNode node, int version, boolean isComplete) {
    var known = new KnownPartitions.Known(new ZnodeReading.Understood<>(node, isComplete), version);
    return (topicId, number) -> known;
  }

  private SetsWrite.Outcome handOver(KnownPartitions known) {
    HandOver.Change toTwo = new HandOver.Change(1, 11, 5, 2, 0, "broker 1 is stopping");
    return partition.world.get(
        new HandOver(partition.store, known).write(PartitionWorld.TOPIC, 0, toTwo));
  }

  private PartitionElection.Outcome elect(KnownPartitions known) {
    ElectionScene scene = new ElectionScene(2, 12, Map.of(2, 12), Set.of(), 1, 10_000, 50);
    return partition.world.get(
        new PartitionElection(partition.store, known)
            .elect(
                PartitionWorld.TOPIC,
                0,
                () -> scene,
                mustFlush -> CompletableFuture.completedFuture(true)));
  }

  @Test
  void isWrittenOnWhatIsKnown() {
    PartitionNode node = threeReplicas().build();
    partition.given(threeReplicas());
    assertThat(handOver(known(node, 0, true))).isInstanceOf(SetsWrite.Outcome.Written.class);
    assertThat(partition.content().getLeader()).isEqualTo(2);
    assertThat(partition.content().getLeaderEpoch()).isEqualTo(6);
  }

  @Test
  void whoeverLooksAtAnOldNodeIsFoundOutByItsVersion() {
    partition.given(threeReplicas());
    partition.writeAsAnother(threeReplicas().setLeader(3).setLeaderEpoch(6).build());
    assertThat(handOver(known(threeReplicas().build(), 0, true)))
        .isInstanceOfSatisfying(
            SetsWrite.Outcome.Moved.class, moved -> assertThat(moved.now().leader()).hasValue(3));
    assertThat(partition.content().getLeaderEpoch()).isEqualTo(6);
  }

  @Test
  void anElectionOnAnOldNodeIsDecidedAgainOnTheNewOne() {
    partition.given(threeReplicas());
    partition.writeAsAnother(threeReplicas().setLeader(2).setLeaderIncarnation(12).build());
    assertThat(elect(known(threeReplicas().build(), 0, true)))
        .isInstanceOf(PartitionElection.Outcome.Leads.class);
    assertThat(partition.content().getLeaderEpoch()).as("nothing was written").isEqualTo(5);
  }

  @Test
  void nobodyConcludesFromAnOldNodeThatThereIsNothingToDo() {
    partition.given(threeReplicas());
    PartitionNode ledByTwo = threeReplicas().setLeader(2).setLeaderIncarnation(12).build();
    assertThat(elect(known(ledByTwo, 0, true))).isInstanceOf(PartitionElection.Outcome.Leads.class);
    assertThat(partition.content().getLeader()).isEqualTo(2);
    assertThat(partition.content().getLeaderEpoch()).isEqualTo(6);
  }

  @Test
  void whatIsNotUnderstoodInFullIsNotWrittenOver() {
    partition.given(threeReplicas());
    assertThat(handOver(known(threeReplicas().setLeaderEpoch(5).build(), 7, false)))
        .as("it is read, and what is read is complete")
        .isInstanceOf(SetsWrite.Outcome.Written.class);
  }

  @ParameterizedTest
  @EnumSource(WriteFate.class)
  void isWrittenOnceWhateverBecomesOfTheFirstSending(WriteFate fate) {
    partition.given(threeReplicas());
    partition.world.ensemble().setNextWrite(partition.store, fate);
    assertThat(handOver(known(threeReplicas().build(), 0, true)))
        .isInstanceOf(SetsWrite.Outcome.Written.class);
    partition.world.scheduler().runFor(1_000_000_000);
    assertThat(partition.content().getLeaderEpoch()).isEqualTo(6);
  }
}
