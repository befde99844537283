package io.millrace.server.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.EpochEnd;
import io.millrace.wire.v1.ErrorCode;
import java.util.OptionalInt;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RulesTest {
  private static final Role LEADER = new Role.Leader(5, 100);

  @Test
  @DisplayName("4.4: a replica's log parts where the epochs do, even before the leader's beginning")
  void aReplicaPartsWhereTheEpochsDo() {
    EpochEnd end = new EpochEnd(3, 60);
    assertThat(DivergenceRules.checkReplica(60, 3, end, 0)).isEmpty();
    assertThat(DivergenceRules.checkReplica(61, 3, end, 0))
        .contains(new DivergenceRules.Divergence(3, 60));
    assertThat(DivergenceRules.checkReplica(50, 4, end, 0))
        .contains(new DivergenceRules.Divergence(3, 50));
    assertThat(DivergenceRules.checkReplica(100, 4, end, 100))
        .contains(new DivergenceRules.Divergence(3, 60));
    assertThat(DivergenceRules.check(100, 4, end, 100)).isEmpty();
  }

  @Test
  void b40_onlyALeaderServesAndSaysWhoElseWould() {
    assertThat(EpochRules.check(new Role.Idle("broker 3 leads"), OptionalInt.empty()))
        .get()
        .isEqualTo(new Refusal(ErrorCode.NOT_LEADER, "not the leader: broker 3 leads"));
    assertThat(EpochRules.check(new Role.Preparing(6), OptionalInt.of(6)))
        .get()
        .extracting(Refusal::code)
        .isEqualTo(ErrorCode.NOT_LEADER);
    assertThat(EpochRules.check(new Role.Offline("the disk failed"), OptionalInt.empty()))
        .get()
        .extracting(Refusal::code)
        .isEqualTo(ErrorCode.STORAGE_FAILED);
    assertThat(EpochRules.check(LEADER, OptionalInt.empty())).isEmpty();
    assertThat(EpochRules.check(LEADER, OptionalInt.of(5))).isEmpty();
  }

  @Test
  void b40_anOlderEpochIsFencedAndANewerOneIsToldToRetry() {
    assertThat(EpochRules.check(LEADER, OptionalInt.of(4)).orElseThrow().code())
        .isEqualTo(ErrorCode.FENCED_EPOCH);
    assertThat(EpochRules.check(LEADER, OptionalInt.of(6)).orElseThrow().code())
        .isEqualTo(ErrorCode.UNKNOWN_EPOCH);
  }

  @ParameterizedTest
  @CsvSource({
    "10, Read",
    "14, Read",
    "15, Wait",
    "17, Wait",
    "20, Wait",
  })
  void aFetchReadsBelowTheVisibleEndAndWaitsUpToTheLogEnd(long offset, String expected) {
    assertThat(FetchRules.decide(offset, 10, 15, 20).getClass().getSimpleName())
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, 0, 9, 21, Long.MAX_VALUE})
  void b45_aFetchElsewhereIsOutOfRangeAndSaysWhatTheRangeIs(long offset) {
    FetchRules.Decision decision = FetchRules.decide(offset, 10, 15, 20);
    assertThat(decision).isInstanceOf(FetchRules.Decision.Refuse.class);
    Refusal refusal = ((FetchRules.Decision.Refuse) decision).refusal();
    assertThat(refusal.code()).isEqualTo(ErrorCode.OFFSET_OUT_OF_RANGE);
    assertThat(refusal.message()).contains("10 to 15");
  }

  @Test
  void theFirstFetchOfAnEmptyPartitionWaits() {
    assertThat(FetchRules.decide(0, 0, 0, 0)).isInstanceOf(FetchRules.Decision.Wait.class);
  }
}
