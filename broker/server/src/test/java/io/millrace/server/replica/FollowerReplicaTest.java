package io.millrace.server.replica;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Section 4.4 of the semantics, on the follower's side. */
class FollowerReplicaTest {
  /** A log in which each epoch begins at an offset: pairs of them. */
  private static FollowerReplica.Log log(long start, long end, long... epochsAndStarts) {
    TreeMap<Integer, Long> starts = new TreeMap<>();
    for (int i = 0; i < epochsAndStarts.length; i += 2) {
      starts.put((int) epochsAndStarts[i], epochsAndStarts[i + 1]);
    }
    EpochLookup lookup =
        epoch -> {
          Integer known = starts.floorKey(epoch);
          if (known == null) {
            return new EpochLookup.End(EpochLookup.End.NONE, -1);
          }
          Map.Entry<Integer, Long> next = starts.higherEntry(known);
          return new EpochLookup.End(known, next == null ? end : next.getValue());
        };
    int last = starts.isEmpty() || start == end ? EpochLookup.End.NONE : starts.lastKey();
    return new FollowerReplica.Log(start, end, last, lookup);
  }

  private final FollowerReplica follower = new FollowerReplica(0);

  @Test
  @DisplayName("R1, KIP-101: the high watermark says nothing about what to keep")
  void keepsWhatIsAboveItsHighWatermark() {
    assertThat(new FollowerReplica(2).begin(log(0, 9, 1, 0))).isEqualTo(new FollowerStep.Nothing());
  }

  @Test
  void cutsToTheLeadersEndOfTheEpoch() {
    assertThat(follower.onDiverging(log(0, 9, 1, 0), 1, 5, 0))
        .isEqualTo(new FollowerStep.Truncate(5));
  }

  @Test
  @DisplayName("R2, KIP-279: cuts to its own end of an epoch that the leader knows, and asks again")
  void cutsToItsOwnEndOfAnOlderEpoch() {
    FollowerReplica.Log log = log(0, 9, 1, 0, 3, 4);
    // The leader has no epoch 3; its epoch 2 reaches further than our epoch 1 does.
    assertThat(follower.onDiverging(log, 2, 7, 0)).isEqualTo(new FollowerStep.Truncate(4));
    assertThat(follower.claimedEpoch(log(0, 4, 1, 0))).hasValue(1);
  }

  @Test
  void cutsAllWhenNoEpochIsShared() {
    assertThat(follower.onDiverging(log(0, 9, 3, 0), 2, 7, 0))
        .isEqualTo(new FollowerStep.Truncate(0));
  }

  @Test
  @DisplayName("never cuts below its start: starts over where the leader does")
  void startsOverBelowItsStart() {
    assertThat(follower.onDiverging(log(6, 9, 1, 0), 1, 5, 2))
        .isEqualTo(new FollowerStep.StartOver(2));
    assertThat(follower.onDiverging(log(0, 9, 1, 0), 1, 3, 5))
        .isEqualTo(new FollowerStep.StartOver(5));
  }

  @Test
  void cutsNothingForAnAnswerThatCannotBe() {
    assertThat(follower.onDiverging(log(0, 9, 1, 0), 1, 9, 0))
        .isInstanceOf(FollowerStep.Implausible.class);
    assertThat(follower.onOutOfRange(log(0, 9, 1, 0), 4))
        .isInstanceOf(FollowerStep.Implausible.class);
    assertThat(follower.onOutOfRange(log(4, 4), 4)).isInstanceOf(FollowerStep.Implausible.class);
  }

  @Test
  void startsOverWhenTheLeaderHasTrimmedPastItsEnd() {
    assertThat(follower.onOutOfRange(log(0, 9, 1, 0), 12))
        .isEqualTo(new FollowerStep.StartOver(12));
    assertThat(follower.onOutOfRange(log(50, 50), 4)).isEqualTo(new FollowerStep.StartOver(4));
  }

  @Test
  void appendsWhatContinuesItsLogAndNothingElse() {
    assertThat(follower.onAnswer(log(0, 9, 1, 0), 9, true)).isEqualTo(new FollowerStep.Append());
    assertThat(follower.onAnswer(log(0, 9, 1, 0), 8, true)).isEqualTo(new FollowerStep.Nothing());
    assertThat(follower.onAnswer(log(0, 9, 1, 0), 9, false)).isEqualTo(new FollowerStep.Nothing());
  }

  @Test
  void anEmptyLogClaimsNoEpoch() {
    assertThat(follower.claimedEpoch(log(0, 0))).isEmpty();
    assertThat(follower.claimedEpoch(log(7, 7, 1, 0))).isEmpty();
  }

  @Test
  @DisplayName("4.2: min(the leader's, its own end), and never back but with the log")
  void followsTheLeadersHighWatermark() {
    follower.onHighWatermark(20, 9);
    assertThat(follower.highWatermark()).isEqualTo(9);
    follower.onHighWatermark(4, 9);
    assertThat(follower.highWatermark()).isEqualTo(9);
    follower.onCut(5);
    assertThat(follower.highWatermark()).isEqualTo(5);
  }
}
