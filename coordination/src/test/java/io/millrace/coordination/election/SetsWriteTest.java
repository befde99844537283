package io.millrace.coordination.election;

import static io.millrace.coordination.election.Partitions.inSync;
import static io.millrace.coordination.election.Partitions.left;
import static io.millrace.coordination.election.Partitions.threeReplicas;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.election.SetsWrite.Change;
import io.millrace.coordination.election.SetsWrite.Outcome;
import io.millrace.coordination.store.MemoryEnsemble.WriteFate;
import io.millrace.coordination.store.MemoryStore;
import io.millrace.coordination.store.MemoryWorld;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.RollCallEntry;
import io.millrace.rpc.SafetyRule;
import io.millrace.rpc.WithoutRule;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** coordination.md, "In-sync changes"; reliability 8.5, 8.6. */
class SetsWriteTest {
  private static final String TOPIC = PartitionWorld.TOPIC;
  private static final Optional<LogPosition> FLUSHED = Optional.of(new LogPosition(5, 40));
  private static final String KNOWN = ZnodePaths.knownBroker(3);

  private final PartitionWorld partition = new PartitionWorld(61);
  private final MemoryWorld world = partition.world;
  private final MemoryStore store = partition.store;

  private void given(PartitionNode.Builder node) {
    partition.given(node);
  }

  private PartitionNode content() {
    return partition.content();
  }

  private static Change change(int version, List<Integer> inSync, Map<Integer, Integer> admitted) {
    return new Change(version, 1, 11, 5, inSync, List.of(), false, FLUSHED, admitted, "because");
  }

  private CompletableFuture<Outcome> begin(Change change) {
    return new SetsWrite(store).write(TOPIC, 0, change).toCompletableFuture();
  }

  private Outcome write(Change change) {
    return world.get(begin(change));
  }

  private void registerAnew() {
    partition.registerAnew(3);
  }

  @Test
  void writesTheSetsAndNothingElse() {
    given(threeReplicas());

    Outcome outcome = write(change(0, List.of(1, 2), Map.of()));

    assertThat(outcome).isInstanceOf(Outcome.Written.class);
    assertThat(((Outcome.Written) outcome).now().version()).isEqualTo(1);
    PartitionNode now = content();
    assertThat(now.getInSyncList()).containsExactly(1, 2);
    assertThat(now.getLeader()).isEqualTo(1);
    assertThat(now.getLeaderEpoch()).isEqualTo(5);
    assertThat(now.getLastChange().getWhy()).isEqualTo("because");
    assertThat(now.getLastChange().getBroker()).isEqualTo(1);
  }

  @Test
  @DisplayName("soleFlushed: how far it had flushed stands beside it, and goes with it")
  void saysHowFarTheOnlyMemberHasFlushed() {
    given(threeReplicas());
    write(new Change(0, 1, 11, 5, List.of(1), List.of(2), true, FLUSHED, Map.of(), "alone"));
    assertThat(content().getSoleFlushed()).isTrue();
    assertThat(content().getVouched().getLastEpoch()).isEqualTo(5);
    assertThat(content().getVouched().getLogEnd()).isEqualTo(40);

    write(change(1, List.of(1, 2), Map.of()));
    assertThat(content().getSoleFlushed()).isFalse();
    assertThat(content().hasVouched()).isFalse();
  }

  @Test
  @DisplayName("R6: a replica that has registered anew since it fetched is not admitted")
  void r6_admitsOnlyTheLifeThatHasFetched() {
    given(inSync(threeReplicas(), 1, 2));
    registerAnew();

    Outcome outcome = write(change(0, List.of(1, 2, 3), Map.of(3, 0)));

    assertThat(outcome)
        .isInstanceOfSatisfying(
            Outcome.Refused.class,
            refused -> assertThat(refused.why()).contains("registered anew", KNOWN));
    assertThat(content().getInSyncList()).containsExactly(1, 2);
    assertThat(write(change(0, List.of(1, 2, 3), Map.of(3, 1))))
        .isInstanceOf(Outcome.Written.class);
  }

  @Test
  void withoutR6AFormerLifeIsAdmitted() {
    given(inSync(threeReplicas(), 1, 2));
    registerAnew();
    try (WithoutRule rule = new WithoutRule(SafetyRule.R6)) {
      assertThat(rule).isNotNull();
      assertThat(write(change(0, List.of(1, 2, 3), Map.of(3, 0))))
          .isInstanceOf(Outcome.Written.class);
    }
  }

  @Test
  @DisplayName("hazard 6: nobody writes from memory what has moved on since")
  void saysWhatStandsThereWhenItHasMoved() {
    given(threeReplicas());
    PartitionNode theirs = threeReplicas().setLeader(2).setLeaderEpoch(6).build();
    partition.writeAsAnother(theirs);

    Outcome outcome = write(change(0, List.of(1, 2), Map.of()));

    assertThat(outcome)
        .isInstanceOfSatisfying(
            Outcome.Moved.class,
            moved -> {
              assertThat(moved.now().leaderEpoch()).isEqualTo(6);
              assertThat(moved.now().version()).isEqualTo(1);
            });
    assertThat(content()).isEqualTo(theirs);
  }

  @Test
  @DisplayName("hazard 7: a leader that was deposed changes nothing")
  void writesOnlyWhereItLeadsInThatEpochAndLife() {
    given(threeReplicas().setLeaderIncarnation(12));
    assertThat(write(change(0, List.of(1, 2), Map.of()))).isInstanceOf(Outcome.Moved.class);
    assertThat(content().getInSyncList()).containsExactly(1, 2, 3);
  }

  @Test
  @DisplayName("B77: a store that has gone back in time is not written to")
  void b77_refusesAStoreThatHasGoneBack() {
    given(threeReplicas().setLeaderEpoch(4));
    assertThat(write(change(7, List.of(1, 2), Map.of())))
        .isInstanceOfSatisfying(
            Outcome.Refused.class,
            refused -> assertThat(refused.why()).contains("gone back in time"));
  }

  @ParameterizedTest
  @EnumSource(WriteFate.class)
  @DisplayName("R10, H8: whatever becomes of the first sending, it is written once")
  void isWrittenOnceWhateverBecomesOfTheFirstSending(WriteFate fate) {
    given(inSync(threeReplicas(), 1, 2));
    world.ensemble().setNextWrite(store, fate);

    Outcome outcome = write(change(0, List.of(1, 2, 3), Map.of(3, 0)));

    assertThat(outcome).isInstanceOf(Outcome.Written.class);
    assertThat(((Outcome.Written) outcome).now().version()).isEqualTo(1);
    world.settle();
    assertThat(content().getInSyncList()).containsExactly(1, 2, 3);
  }

  @Test
  @DisplayName("R6: also when the first sending is still on its way as the replica registers anew")
  void r6_refusesForCertainWhileTheFirstSendingIsUnderWay() {
    given(inSync(threeReplicas(), 1, 2));
    world.ensemble().setNextWrite(store, WriteFate.LATE);
    CompletableFuture<Outcome> outcome = begin(change(0, List.of(1, 2, 3), Map.of(3, 0)));
    registerAnew();

    assertThat(world.get(outcome)).isInstanceOf(Outcome.Refused.class);
    world.scheduler().runFor(1_000_000_000);
    assertThat(content().getInSyncList()).containsExactly(1, 2);
  }

  @Test
  void isUnknownWhenTheSessionEndsMeanwhile() {
    given(threeReplicas());
    world.ensemble().setNextWrite(store, WriteFate.LOST_AFTER);
    CompletableFuture<Outcome> outcome = begin(change(0, List.of(1, 2), Map.of()));
    world.ensemble().expire(store);

    assertThat(world.get(outcome)).isInstanceOfAny(Outcome.Unknown.class, Outcome.Refused.class);
  }

  @Test
  @DisplayName("R10: without it a leader takes its own write for somebody else's")
  void withoutR10ItsOwnWriteIsTakenForSomebodyElses() {
    given(threeReplicas());
    world.ensemble().setNextWrite(store, WriteFate.LOST_AFTER);
    try (WithoutRule rule = new WithoutRule(SafetyRule.R10)) {
      assertThat(rule).isNotNull();
      assertThat(write(change(0, List.of(1, 2), Map.of()))).isInstanceOf(Outcome.Refused.class);
    }
    assertThat(content().getInSyncList()).containsExactly(1, 2);
  }

  @Test
  @DisplayName("H8: without it a write that lands late is taken for one that failed")
  void withoutH8AWriteUnderWayIsTakenForOneThatFailed() {
    given(threeReplicas());
    world.ensemble().setNextWrite(store, WriteFate.LATE);
    try (WithoutRule rule = new WithoutRule(SafetyRule.H8)) {
      assertThat(rule).isNotNull();
      assertThat(write(change(0, List.of(1, 2), Map.of()))).isInstanceOf(Outcome.Refused.class);
    }
    world.scheduler().runFor(1_000_000_000);
    assertThat(content().getInSyncList()).containsExactly(1, 2);
  }

  @Test
  @DisplayName("R11: without it a zombie writes over what others decided")
  void withoutR11AZombieWritesOverOthers() {
    given(threeReplicas());
    world.ensemble().setNextWrite(store, WriteFate.LOST_BEFORE);
    try (WithoutRule rule = new WithoutRule(SafetyRule.R11)) {
      assertThat(rule).isNotNull();
      CompletableFuture<Outcome> outcome = begin(change(0, List.of(1, 2), Map.of()));
      PartitionNode theirs = threeReplicas().setLeader(2).setLeaderEpoch(6).build();
      // The next sending comes no earlier than contact is back, and a moment after that.
      partition.writeAsAnother(theirs);
      assertThat(world.get(outcome)).isInstanceOf(Outcome.Written.class);
    }
    assertThat(content().getLeaderEpoch()).isEqualTo(5);
  }

  @Test
  @DisplayName("the roll call of a replica that has joined again is over")
  void forgetsWhatAMemberHadWhenItLeftInDoubt() {
    RollCallEntry stays = left(2, 3, 70);
    given(inSync(threeReplicas(), 1).addRollCall(left(3, 4, 100)).addRollCall(stays));

    assertThat(write(change(0, List.of(1, 3), Map.of(3, 0)))).isInstanceOf(Outcome.Written.class);

    assertThat(content().getRollCallList()).containsExactly(stays);
  }
}
