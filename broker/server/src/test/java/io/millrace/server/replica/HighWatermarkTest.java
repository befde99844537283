package io.millrace.server.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.replica.LeaderReplica.Log;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** How far records are committed, and what each level of acknowledgement waits for. */
class HighWatermarkTest {
  @Test
  void standardWaitsForEveryMemberButForNoDisk() {
    LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
    bench.appended(10).fetched(2, 10).fetched(3, 7);
    assertThat(bench.highWatermark()).isEqualTo(7);
    assertThat(bench.committed(Level.STANDARD)).isEqualTo(7);
    assertThat(bench.committed(Level.SYNCED)).isZero();
    assertThat(bench.committed(Level.LEADER)).isEqualTo(10);
  }

  @Test
  void syncedWaitsForEveryDisk() {
    LeaderBench bench = LeaderBench.of(2, Level.SYNCED);
    bench.appended(10).fetched(2, 10, 6).fetched(3, 10, 8);
    assertThat(bench.highWatermark()).isZero();
    bench.flushed(7);
    assertThat(bench.highWatermark()).isEqualTo(6);
    assertThat(bench.committed(Level.SYNCED)).isEqualTo(6);
  }

  @Test
  @DisplayName("an acknowledgement never claims what somebody who joins need not have")
  void standardOnASyncedTopicIsShownFirst() {
    LeaderBench bench = LeaderBench.of(2, Level.SYNCED);
    bench.appended(10).fetched(2, 10, 6).fetched(3, 10, 8);
    assertThat(bench.committed(Level.STANDARD)).isEqualTo(bench.highWatermark());
  }

  @Test
  void syncedOnAStandardTopicWaitsForEveryDisk() {
    LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
    bench.appended(10).flushed(10).fetched(2, 10, 6).fetched(3, 10, 8);
    assertThat(bench.highWatermark()).isEqualTo(10);
    assertThat(bench.committed(Level.SYNCED)).isEqualTo(6);
  }

  @Test
  void aLoneReplicaCountsByItsDisk() {
    LeaderBench bench = LeaderBench.of(1, Level.STANDARD, List.of(1));
    bench.appended(10).flushed(4);
    assertThat(bench.highWatermark()).isEqualTo(4);
    assertThat(bench.committed(Level.STANDARD)).isEqualTo(4);
    assertThat(bench.committed(Level.SYNCED)).isEqualTo(4);
  }

  @Test
  void aLoneReplicaOfALeaderLevelTopicShowsWhatNoDiskHas() {
    LeaderBench bench = LeaderBench.of(1, Level.LEADER, List.of(1));
    bench.appended(10).flushed(4);
    assertThat(bench.highWatermark()).isEqualTo(10);
    assertThat(bench.committed(Level.STANDARD)).isEqualTo(4);
  }

  @Test
  @DisplayName("4.2: does not move while fewer than the minimum are in sync, at any level")
  void stopsBelowTheMinimum() {
    for (Level level : Level.values()) {
      LeaderBench bench = LeaderBench.of(2, level, List.of(1));
      bench.appended(10).flushed(10);
      assertThat(bench.highWatermark()).isZero();
      assertThat(bench.leader.hasEnoughInSync()).isFalse();
    }
  }

  @Test
  @DisplayName("4.2: never moves back")
  void neverMovesBack() {
    LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
    bench.appended(10).fetched(2, 10).fetched(3, 10).minInSync(3).fetched(3, 2);
    assertThat(bench.highWatermark()).isEqualTo(10);
    bench.leader.configure(
        new LeaderReplica.Settings(2, Level.SYNCED, LeaderBench.LAG_NANOS), bench.nowNanos);
    assertThat(bench.highWatermark()).isEqualTo(10);
  }

  @Test
  @DisplayName("4.3: a new leader knows what it knew, and forgets all positions")
  void beginsWithWhatItKnew() {
    LeaderBench bench =
        new LeaderBench(2, Level.STANDARD, List.of(1, 2), List.of(), new Log(8, 8, 8, 5));
    assertThat(bench.highWatermark()).isEqualTo(5);
    bench.fetched(2, 8);
    assertThat(bench.highWatermark()).isEqualTo(8);
  }

  @Test
  void moreThanTheLeaderHasProvesNothing() {
    LeaderBench bench = LeaderBench.of(2, Level.STANDARD, List.of(1, 2));
    bench.appended(3).fetched(2, 4);
    assertThat(bench.highWatermark()).isZero();
  }

  @Test
  @DisplayName("I10: commits nothing once another epoch, another life or another broker leads")
  void stopsWhenDeposed() {
    LeaderBench bench = LeaderBench.of(2, Level.STANDARD, List.of(1, 2));
    bench.leader.onState(
        new PartitionState(8, List.of(1, 2, 3), 2, 1, 5, List.of(1, 2), List.of(), false));
    bench.appended(3).fetched(2, 3);
    assertThat(bench.leader.isDeposed()).isTrue();
    assertThat(bench.highWatermark()).isZero();
    assertThat(bench.want()).isNull();
  }

  @Test
  void handsOverOnlyToAMemberThatHasSoMuch() {
    LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
    bench.appended(3).fetched(2, 3).fetched(3, 2);
    assertThat(bench.leader.successor(2, 3)).contains(1);
    assertThat(bench.leader.successor(3, 3)).isEmpty();
    assertThat(bench.leader.successor(3, 2)).as("what came later is not waited for").contains(1);
    bench.gone(3).sent();
    assertThat(bench.leader.successor(2, 3)).as("a change is in flight").isEmpty();
  }

  @Test
  void aSnapshotBringsItBack() {
    LeaderBench bench = LeaderBench.of(2, Level.STANDARD);
    bench.appended(10).flushed(3).fetched(2, 10).fetched(3, 7).gone(3).sent();
    LeaderSnapshot snapshot = bench.leader.snapshot();
    assertThat(LeaderReplica.of(snapshot).snapshot()).isEqualTo(snapshot);
  }
}
