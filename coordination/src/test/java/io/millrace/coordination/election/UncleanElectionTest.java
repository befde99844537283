package io.millrace.coordination.election;

import static io.millrace.coordination.election.Partitions.inSync;
import static io.millrace.coordination.election.Partitions.left;
import static io.millrace.coordination.election.Partitions.threeReplicas;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.election.UncleanElection.Cause;
import io.millrace.coordination.election.UncleanElection.Outcome;
import io.millrace.coordination.election.UncleanElection.Reach;
import io.millrace.coordination.v1.PartitionNode;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** semantics 4.5, "Unclean"; B77. */
class UncleanElectionTest {
  private final PartitionWorld partition = new PartitionWorld(81);
  private Map<Integer, Integer> live = Map.of(2, 12, 3, 13);
  private Set<Integer> without = Set.of();

  private static Reach reach(int broker, int lastEpoch, long logEnd) {
    return new Reach(10 + broker, new LogPosition(lastEpoch, logEnd), lastEpoch);
  }

  private Outcome elect(Map<Integer, Reach> reached, Cause cause) {
    return partition.world.get(
        new UncleanElection(partition.store, 3)
            .elect(PartitionWorld.TOPIC, 0, reached, without, () -> live, cause));
  }

  private Outcome elect(Map<Integer, Reach> reached) {
    return elect(reached, Cause.COMMAND);
  }

  @Test
  void theOneThatHasTheMostLeadsAndTheLossIsNoted() {
    partition.given(inSync(threeReplicas(), 1));

    Outcome outcome = elect(Map.of(2, reach(2, 4, 900), 3, reach(3, 5, 100)));

    assertThat(outcome).isInstanceOf(Outcome.Elected.class);
    PartitionNode now = partition.content();
    assertThat(now.getLeader()).isEqualTo(3);
    assertThat(now.getLeaderIncarnation()).isEqualTo(13);
    assertThat(now.getLeaderEpoch()).isEqualTo(6);
    assertThat(now.getInSyncList()).containsExactly(3);
    assertThat(now.getSoleFlushed()).isFalse();
    assertThat(now.getPossibleLoss().getLeaderEpoch()).isEqualTo(6);
    assertThat(now.getPossibleLoss().getAt()).startsWith("2026-");
    assertThat(now.getPossibleLoss().getWhy()).contains("by command", "[1]", "up to 100");
    assertThat(((Outcome.Elected) outcome).now().possibleLoss()).contains("epoch 6");
  }

  @Test
  void ofEqualsThePreferredOneLeads() {
    partition.given(inSync(threeReplicas(), 1));
    elect(Map.of(2, reach(2, 5, 100), 3, reach(3, 5, 100)));
    assertThat(partition.content().getLeader()).isEqualTo(2);
  }

  @Test
  void isNotNeededWhereSomebodyLeadsOrCanLead() {
    partition.given(threeReplicas());
    assertThat(elect(Map.of(2, reach(2, 5, 10)))).isInstanceOf(Outcome.NotNeeded.class);
    live = Map.of(1, 11, 2, 12);
    assertThat(elect(Map.of(2, reach(2, 5, 10))))
        .isInstanceOfSatisfying(
            Outcome.NotNeeded.class, not -> assertThat(not.why()).isEqualTo("broker 1 leads"));
    assertThat(partition.content().getLeaderEpoch()).isEqualTo(5);
  }

  @Test
  @DisplayName("a roll call that has ended is decided by itself, without loss of what it knows of")
  void isNotNeededWhereTheRollCallNamesALiveOne() {
    partition.given(
        inSync(threeReplicas(), 1).addRollCall(left(1, 5, 50)).addRollCall(left(2, 5, 90)));
    assertThat(elect(Map.of(3, reach(3, 5, 10)))).isInstanceOf(Outcome.NotNeeded.class);
    live = Map.of(3, 13);
    assertThat(elect(Map.of(3, reach(3, 5, 10)))).isInstanceOf(Outcome.Elected.class);
    assertThat(partition.content().getRollCallCount()).isZero();
  }

  @Test
  void namesNobodyWhoHasRestartedSinceItAnswered() {
    partition.given(inSync(threeReplicas(), 1));
    live = Map.of(2, 99);
    assertThat(elect(Map.of(2, reach(2, 5, 10)))).isInstanceOf(Outcome.Impossible.class);
    assertThat(elect(Map.of())).isInstanceOf(Outcome.Impossible.class);
  }

  @Test
  @DisplayName("P-8: where the last member has lost what it had flushed, all have to answer")
  void p8_whoeverHasTheMostLeadsOnceAllHaveAnswered() {
    partition.given(
        inSync(threeReplicas(), 1)
            .clearLeader()
            .addRollCall(left(1, 5, 50).toBuilder().setLostFlushed(true)));
    live = Map.of(1, 11, 2, 12, 3, 13);
    Map<Integer, Reach> two = Map.of(1, reach(1, 5, 50), 3, reach(3, 5, 94));
    assertThat(elect(two, Cause.ROLL_CALL))
        .isInstanceOfSatisfying(
            Outcome.Impossible.class,
            not -> assertThat(not.why()).contains("[2]", "have not said"));
    without = Set.of(2);
    assertThat(elect(two, Cause.ROLL_CALL)).isInstanceOf(Outcome.Elected.class);

    PartitionNode now = partition.content();
    assertThat(now.getLeader()).isEqualTo(3);
    assertThat(now.getInSyncList()).containsExactly(3);
    assertThat(now.getRollCallCount()).isZero();
    assertThat(now.getPossibleLoss().getWhy()).contains("all replicas were asked", "up to 94");
  }

  @Test
  @DisplayName("P-8: by command it goes on without those that are away, as ever")
  void p8_aCommandDoesNotWaitForThoseThatAreAway() {
    partition.given(
        inSync(threeReplicas(), 1)
            .clearLeader()
            .addRollCall(left(1, 5, 50).toBuilder().setLostFlushed(true)));
    live = Map.of(1, 11);
    assertThat(elect(Map.of(1, reach(1, 5, 50)))).isInstanceOf(Outcome.Elected.class);
  }

  @Test
  void asksAllOnlyWhereTheSetsDoNotTell() {
    partition.given(inSync(threeReplicas(), 1).clearLeader().addRollCall(left(1, 5, 50)));
    live = Map.of(1, 11, 2, 12, 3, 13);
    Map<Integer, Reach> all = Map.of(1, reach(1, 5, 50), 2, reach(2, 5, 60), 3, reach(3, 5, 94));
    assertThat(elect(all, Cause.ROLL_CALL)).isInstanceOf(Outcome.NotNeeded.class);
  }

  @Test
  @DisplayName(
      "B77: a store restored from a backup is mended by command only, above all epochs seen")
  void b77_goesOnAboveEveryEpochThatWasSeen() {
    partition.given(threeReplicas().setLeaderEpoch(2));
    live = Map.of(1, 11, 2, 12, 3, 13);
    Map<Integer, Reach> reached =
        Map.of(
            1,
            new Reach(11, new LogPosition(7, 100), 9),
            2,
            new Reach(12, new LogPosition(7, 120), 8));

    assertThat(elect(reached, Cause.SETTING))
        .isInstanceOfSatisfying(
            Outcome.Impossible.class, not -> assertThat(not.why()).contains("backup"));
    assertThat(elect(reached)).isInstanceOf(Outcome.Elected.class);

    PartitionNode now = partition.content();
    assertThat(now.getLeader()).isEqualTo(2);
    assertThat(now.getLeaderEpoch()).isEqualTo(10);
    assertThat(now.getPossibleLoss().getWhy()).contains("gone back in time, to epoch 2");
  }
}
