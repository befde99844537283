package io.millrace.server.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.server.replica.LeaderReplica.Log;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Sentence by sentence, "In-sync changes" of the coordination document. */
class InSyncChangesTest {
  @Nested
  @DisplayName("Joining needs: fetched in this epoch by this incarnation, at or past the ...")
  class Joining {
    @Test
    @DisplayName("... high watermark")
    void joinsAtTheHighWatermark() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD, List.of(1, 2));
      bench.appended(10).fetched(2, 10).fetched(3, 9);
      assertThat(bench.highWatermark()).isEqualTo(10);
      assertThat(bench.want()).isNull();

      bench.fetched(3, 10);
      assertThat(bench.change().inSync()).containsExactly(1, 2, 3);
    }

    @Test
    @DisplayName("R4: ... and the epoch's first offset")
    void doesNotJoinBeforeTheEpochsFirstOffset() {
      LeaderBench bench =
          new LeaderBench(
              2, Level.STANDARD, List.of(1, 2), List.of(), new Log(5, 5, 5, 2)); // HW still old
      bench.fetched(3, 4);
      assertThat(bench.want()).isNull();
      bench.fetched(3, 5);
      assertThat(bench.change().admitted()).isEqualTo(Map.of(3, 1));
    }

    @Test
    void namesTheLifeThatHasFetched() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD, List.of(1, 2));
      bench.up(3, 9).fetched(3, 0);
      SetsChange change = bench.change();
      assertThat(change.admitted()).isEqualTo(Map.of(3, 9));
      assertThat(change.expectedVersion()).isEqualTo(7);
      assertThat(change.leaderEpoch()).isEqualTo(4);
    }

    @Test
    void doesNotJoinInALifeThatIsOver() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD, List.of(1, 2));
      bench.fetched(3, 0).up(3, 2);
      assertThat(bench.want()).isNull();
    }

    @Test
    void hearsNothingFromALifeThatIsOver() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD, List.of(1, 2));
      bench.up(3, 2).appended(4).fetched(3, 2);
      bench.leader.onFetch(3, 1, 4, 4, bench.nowNanos);
      assertThat(bench.leader.snapshot().followers().get(1).offset()).isEqualTo(2);
    }

    @Test
    @DisplayName("H11: on a synced topic by its flushed offset")
    void joinsASyncedTopicByWhatItHasForced() {
      LeaderBench bench = LeaderBench.of(1, Level.SYNCED, List.of(1));
      bench.written(bench.sent()); // that it is alone
      bench.appended(10).flushed(10).fetched(3, 10, 9);
      assertThat(bench.want()).isNull();
      bench.fetched(3, 10, 10);
      assertThat(bench.change().inSync()).containsExactly(1, 3);
    }

    @Test
    @DisplayName("KAFKA-4485: the high watermark waits for one that is about to join")
    void joinsUnderSteadyTraffic() {
      LeaderBench bench = LeaderBench.of(1, Level.STANDARD, List.of(1));
      bench.fetched(2, 0).written(bench.sent());
      bench.appended(10).fetched(2, 10).gone(2).flushed(10).written(bench.sent());
      bench.up(2, 1).appended(20).fetched(2, 20); // all there was, and goes on
      SetsChange joins = bench.change();
      assertThat(joins.inSync()).containsExactly(1, 2);

      bench.appended(30).flushed(30);
      assertThat(bench.highWatermark()).as("waits for the next fetch").isEqualTo(20);
      bench.after(LeaderReplica.JOINER_PATIENCE_NANOS).want();
      assertThat(bench.highWatermark()).as("but not for long").isEqualTo(30);
    }
  }

  @Nested
  @DisplayName("Leaving: not caught up for the lag time, or its live node is gone")
  class Leaving {
    @Test
    void leavesAfterTheLagTime() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
      bench.appended(10).fetched(2, 10).fetched(3, 9);
      bench.after(LeaderBench.LAG_NANOS - 1).fetched(2, 10);
      assertThat(bench.want()).isNull();
      bench.after(1).fetched(2, 10);
      assertThat(bench.change().inSync()).containsExactly(1, 2);
      assertThat(bench.change().eligible()).isEmpty();
      assertThat(bench.change().why()).contains("3 leaves").contains("10000 ms");
    }

    @Test
    @DisplayName("4.2: a follower at the log's end is always in sync")
    void staysWhenItLacksNothing() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
      bench.appended(10).fetched(2, 10).fetched(3, 10).after(LeaderBench.LAG_NANOS * 5);
      assertThat(bench.want()).isNull();
    }

    @Test
    @DisplayName("4.2: caught up is, too, who now has all there was when it fetched last")
    void staysWhileItKeepsUpWithTraffic() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
      bench.fetched(2, 0).fetched(3, 0);
      for (int i = 1; i <= 50; i++) {
        bench.appended(i * 10L).after(LeaderBench.LAG_NANOS / 2);
        bench.fetched(2, i * 10L).fetched(3, (i - 1) * 10L);
        assertThat(bench.want()).as("round %d", i).isNull();
      }
    }

    @Test
    @DisplayName("P-9: one whose disk is full leaves as soon as it lacks something")
    void leavesAtOnceWithoutRoom() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
      bench.appended(10).fetched(2, 10).fetched(3, 10).withoutRoom(3);
      assertThat(bench.want()).as("it lacks nothing").isNull();
      bench.appended(11).fetched(2, 11).withoutRoom(3).fetched(3, 10);
      assertThat(bench.highWatermark()).isEqualTo(10);
      bench.written(bench.sent());
      assertThat(bench.node.inSync()).containsExactly(1, 2);
      assertThat(bench.highWatermark()).as("nobody waits for it to join").isEqualTo(11);
      bench.appended(12).fetched(2, 12);
      assertThat(bench.highWatermark()).isEqualTo(12);
    }

    @Test
    @DisplayName("P-9: and comes back once what it is given fits")
    void joinsAgainWithRoom() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD, List.of(1, 2));
      bench.appended(10).fetched(2, 10).withoutRoom(3).fetched(3, 10);
      assertThat(bench.want()).isNull();
      bench.leader.onRoom(3, 1, true);
      bench.fetched(3, 10);
      assertThat(bench.change().admitted()).isEqualTo(Map.of(3, 1));
    }

    @Test
    void leavesWhenItsLiveNodeIsGone() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
      bench.fetched(2, 0).fetched(3, 0).gone(3);
      assertThat(bench.change().inSync()).containsExactly(1, 2);
    }

    @Test
    void staysThroughABounceThatKeptItsLog() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
      bench.fetched(2, 0).fetched(3, 0).up(3, 2);
      assertThat(bench.want()).isNull();
    }

    @Test
    @DisplayName("A stopping follower asks its leader to remove it")
    void leavesWhenAskedAndComesBackInItsNextLife() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
      bench.fetched(2, 0).fetched(3, 0);
      bench.leader.onLeaveAsked(3, 1);
      bench.written(bench.sent());
      assertThat(bench.leader.counts(3)).isFalse();
      bench.fetched(3, 0);
      assertThat(bench.want()).as("not back in the life that left").isNull();

      bench.up(3, 2).fetched(3, 0);
      assertThat(bench.change().admitted()).isEqualTo(Map.of(3, 2));
    }

    @Test
    void leavesWhenItHasLostCommittedRecords() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
      bench.appended(10).fetched(2, 10).fetched(3, 10).fetched(3, 4);
      assertThat(bench.highWatermark()).isEqualTo(10);
      assertThat(bench.change().inSync()).containsExactly(1, 2);
    }

    @Test
    void oneLeavesAndAnotherJoinsInOneWrite() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD, List.of(1, 2));
      bench.fetched(2, 0).fetched(3, 0).gone(2);
      SetsChange change = bench.sent();
      assertThat(change.inSync()).containsExactly(1, 3);
      assertThat(change.eligible()).isEmpty();
      assertThat(bench.leader.hasEnoughInSync()).isTrue();
    }
  }

  @Nested
  @DisplayName("While a change is in flight or its outcome unknown, several in-sync sets may stand")
  class MayStand {
    @Test
    @DisplayName("R5: every member of their union counts towards the high watermark")
    void waitsForOneThatMayHaveJoined() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD, List.of(1, 2));
      bench.fetched(2, 0).fetched(3, 0);
      SetsChange joins = bench.sent();
      bench.appended(5).fetched(2, 5);
      assertThat(bench.highWatermark()).isZero();
      bench.outcome(new SetsOutcome.Unknown("connection lost"));
      assertThat(bench.highWatermark()).as("unknown").isZero();
      bench.fetched(3, 5);
      assertThat(bench.highWatermark()).isEqualTo(5);
      assertThat(bench.after(LeaderReplica.RETRY_NANOS).change())
          .as("to be sent again, the same on the same version")
          .isEqualTo(joins);
    }

    @Test
    void waitsForOneThatMayStillBeIn() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
      bench.appended(5).fetched(2, 5).fetched(3, 3).gone(3);
      SetsChange leaves = bench.sent();
      assertThat(bench.highWatermark()).isEqualTo(3);
      assertThat(bench.leader.counts(3)).isTrue();
      bench.written(leaves);
      assertThat(bench.highWatermark()).isEqualTo(5);
      assertThat(bench.leader.counts(3)).isFalse();
    }

    @Test
    @DisplayName("H5: the minimum must hold in each set that may stand")
    void theMinimumHoldsInEach() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD, List.of(1));
      bench.fetched(3, 0);
      SetsChange joins = bench.sent();
      bench.appended(5).flushed(5).fetched(3, 5);
      assertThat(bench.highWatermark()).as("one of them has a single member").isZero();
      assertThat(bench.leader.hasEnoughInSync()).isFalse();
      bench.written(joins);
      assertThat(bench.highWatermark()).isEqualTo(5);
      assertThat(bench.leader.hasEnoughInSync()).isTrue();
    }

    @Test
    @DisplayName("H2: while a set of one may stand, the high watermark stays at its flushed end")
    void staysOnDiskWhileItMayBeAlone() {
      LeaderBench bench = LeaderBench.of(1, Level.STANDARD, List.of(1, 2));
      bench.fetched(2, 0).gone(2);
      SetsChange leaves = bench.sent();
      bench.appended(5).up(2, 1).fetched(2, 5);
      assertThat(bench.highWatermark()).as("two copies, none on a disk").isZero();
      bench.flushed(3);
      assertThat(bench.highWatermark()).isEqualTo(3);
      bench.written(leaves);
      assertThat(bench.committed(Level.STANDARD)).isEqualTo(3);
    }

    @Test
    @DisplayName("the high watermark does not move while an eligible set may be non-empty")
    void stopsWhileSomebodyMayBeEligible() {
      LeaderBench bench =
          new LeaderBench(2, Level.STANDARD, List.of(1), List.of(2), new Log(0, 0, 0, 0));
      bench.minInSync(1).appended(5).flushed(5);
      assertThat(bench.highWatermark()).isZero();
      SetsChange emptied = bench.sent();
      assertThat(emptied.eligible()).isEmpty();
      assertThat(emptied.inSync()).containsExactly(1);
      assertThat(bench.highWatermark()).as("not confirmed").isZero();
      bench.written(emptied);
      assertThat(bench.highWatermark()).isEqualTo(5);
    }

    @Test
    void wantsNothingElseMeanwhile() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
      bench.fetched(2, 0).fetched(3, 0).gone(3);
      SetsChange leaves = bench.sent();
      bench.gone(2);
      assertThat(bench.want()).isNull();
      assertThatThrownBy(() -> bench.leader.onSent(leaves)).hasMessageContaining("not what");
    }

    @Test
    void aRefusedChangeNeverStoodAndIsTriedAgainLater() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD, List.of(1, 2));
      bench.fetched(2, 0).fetched(3, 0);
      SetsChange joins = bench.sent();
      bench.appended(5).fetched(2, 5).fetched(3, 5);
      bench.outcome(new SetsOutcome.Refused("no contact"));
      assertThat(bench.leader.counts(3)).isFalse();
      assertThat(bench.want()).isNull();
      assertThat(bench.after(LeaderReplica.RETRY_NANOS).change()).isEqualTo(joins);
    }

    @Test
    @DisplayName("an outcome of a change that a newer version has settled settles nothing else")
    void theOutcomeOfASettledChangeIsTakenForItself() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
      bench.fetched(2, 0).fetched(3, 0).gone(3);
      SetsChange leaves = bench.sent();
      bench.leader.onState(bench.apply(leaves)); // the watch is faster than the answer
      bench.up(3, 1).fetched(3, 0);
      assertThat(bench.want()).as("one at a time").isNull();
      bench.outcome(new SetsOutcome.Written(bench.node));
      assertThat(bench.change().inSync()).containsExactly(1, 2, 3);
    }
  }

  @Nested
  @DisplayName("Eligible set: members that left by a write whose result is below the minimum")
  class Eligible {
    @Test
    void keepsThoseWhoLeaveBelowTheMinimum() {
      LeaderBench bench = LeaderBench.of(2, Level.STANDARD, List.of(1, 2));
      bench.fetched(2, 0).gone(2);
      SetsChange leaves = bench.sent();
      assertThat(leaves.inSync()).containsExactly(1);
      assertThat(leaves.eligible()).containsExactly(2);
    }

    @Test
    @DisplayName("Emptied by a confirmed write once the set is at the minimum again")
    void emptiedTogetherWithAJoin() {
      LeaderBench bench =
          new LeaderBench(2, Level.STANDARD, List.of(1), List.of(2), new Log(0, 0, 0, 0));
      bench.appended(4).flushed(4).fetched(3, 4);
      SetsChange joins = bench.sent();
      assertThat(joins.inSync()).containsExactly(1, 3);
      assertThat(joins.eligible()).isEmpty();
      assertThat(bench.highWatermark()).isZero();
      bench.written(joins);
      assertThat(bench.highWatermark()).isEqualTo(4);
    }
  }

  @Nested
  @DisplayName("soleFlushed")
  class SoleFlushed {
    @Test
    @DisplayName("H3: before it is alone it fsyncs at least to its high watermark and epoch start")
    void forcesWhatItHasBeforeItIsAlone() {
      LeaderBench bench =
          new LeaderBench(1, Level.STANDARD, List.of(1, 2), List.of(), new Log(5, 5, 2, 2));
      bench.gone(2);
      assertThat(bench.want()).isEqualTo(new Want.FlushFirst(5));
      bench.flushed(4);
      assertThat(bench.want()).isEqualTo(new Want.FlushFirst(5));
      bench.flushed(5);
      SetsChange alone = bench.change();
      assertThat(alone.inSync()).containsExactly(1);
      assertThat(alone.soleFlushed()).isTrue();
    }

    @Test
    @DisplayName("a leader that finds itself alone without it fsyncs and sets it")
    void marksItselfWhenItFindsItselfAlone() {
      LeaderBench bench =
          new LeaderBench(1, Level.STANDARD, List.of(1), List.of(), new Log(5, 5, 0, 5));
      assertThat(bench.want()).isEqualTo(new Want.FlushFirst(5));
      bench.flushed(5);
      SetsChange marks = bench.sent();
      assertThat(marks.inSync()).containsExactly(1);
      assertThat(marks.soleFlushed()).isTrue();
      bench.written(marks);
      assertThat(bench.want()).isNull();
    }

    @Test
    void canMarkItselfUnderTrafficThatNoDiskKeepsUpWith() {
      LeaderBench bench = LeaderBench.of(1, Level.LEADER, List.of(1));
      bench.appended(1000);
      assertThat(bench.highWatermark()).isEqualTo(1000);
      assertThat(bench.change().soleFlushed()).isTrue();
    }

    @Test
    @DisplayName("every other write that changes the in-sync set clears it")
    void cleared() {
      LeaderBench bench = LeaderBench.of(1, Level.STANDARD, List.of(1));
      bench.written(bench.sent());
      assertThat(bench.node.soleFlushed()).isTrue();
      bench.fetched(2, 0);
      assertThat(bench.change().soleFlushed()).isFalse();
    }
  }
}
