package io.millrace.client.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.OffsetReset;
import io.millrace.client.OffsetSpec;
import io.millrace.client.consumer.ResetRules.Decision;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The pure decisions: how much to ask for, and where to begin. */
class PlanAndResetTest {
  private static final int MIB = 1 << 20;
  private static final Optional<OffsetReset> UNSET = Optional.empty();
  private static final Decision EARLIEST = new Decision.LookUp(OffsetSpec.earliest());
  private static final Decision LATEST = new Decision.LookUp(OffsetSpec.latest());
  private static final Decision FAIL = new Decision.Fail();

  private static FetchPlan plan(long held, long reserved, int holders, int leaders) {
    return new FetchPlan(16 * MIB, held, reserved, holders, leaders);
  }

  @Test
  void asksForAPartitionUntilItsShareIsUsedUp() {
    assertThat(plan(0, 0, 0, 1).partitionBytes(0, MIB)).isEqualTo(MIB);
    assertThat(plan(15 * MIB, 0, 1, 1).partitionBytes(15 * MIB, MIB)).isEqualTo(MIB);
    assertThat(plan(15 * MIB + 1, 0, 1, 1).partitionBytes(15 * MIB + 1, MIB)).isZero();
    assertThat(plan(9 * MIB, 0, 2, 1).partitionBytes(8 * MIB, MIB)).isZero();
    assertThat(plan(9 * MIB, 0, 2, 1).partitionBytes(MIB, MIB)).isEqualTo(MIB);
  }

  @Test
  void asksForAPartitionOfWhichNothingIsHeldWhateverOthersHold() {
    FetchPlan full = plan(20 * MIB, 0, 3, 1);

    assertThat(full.partitionBytes(0, MIB)).isPositive();
    assertThat(full.answerBytes(50 * MIB)).isEqualTo(FetchPlan.LEAST_BYTES);
  }

  @Test
  void dividesTheMemoryAmongTheLeaders() {
    assertThat(plan(0, 0, 0, 1).answerBytes(50 * MIB)).isEqualTo(8 * MIB);
    assertThat(plan(0, 8 * MIB, 0, 4).answerBytes(50 * MIB)).isEqualTo(2 * MIB);
    assertThat(plan(10 * MIB, 5 * MIB, 1, 1).answerBytes(50 * MIB)).isEqualTo(MIB);
    assertThat(plan(0, 0, 0, 1).answerBytes(MIB)).isEqualTo(MIB);
  }

  @Test
  void beginsWhereItIsTold() {
    StartAt sought = new StartAt.Offset(7, StartAt.NO_EPOCH, "", true);

    assertThat(ResetRules.begin(sought, UNSET)).isEqualTo(new Decision.ReadFrom(7));
    assertThat(ResetRules.begin(new StartAt.First(), UNSET)).isEqualTo(EARLIEST);
    assertThat(ResetRules.begin(new StartAt.End(), UNSET)).isEqualTo(LATEST);
    assertThat(ResetRules.begin(new StartAt.ByPolicy(false), UNSET)).isEqualTo(LATEST);
    assertThat(ResetRules.begin(new StartAt.ByPolicy(false), Optional.of(OffsetReset.FAIL)))
        .isEqualTo(FAIL);
  }

  @Test
  void readsAPartitionFromItsBeginningThatIsYoungerThanItsAssignment() {
    assertThat(ResetRules.begin(new StartAt.ByPolicy(true), Optional.of(OffsetReset.LATEST)))
        .isEqualTo(EARLIEST);
  }

  @Test
  void unsetFailsOnlyWhereThePositionWasSought() {
    StartAt sought = new StartAt.Offset(7, StartAt.NO_EPOCH, "", true);
    StartAt found = new StartAt.ByPolicy(false);

    assertThat(ResetRules.outOfRange(sought, true, false, UNSET)).isEqualTo(FAIL);
    assertThat(ResetRules.outOfRange(found, true, true, UNSET)).isEqualTo(LATEST);
    assertThat(ResetRules.outOfRange(sought, true, true, Optional.of(OffsetReset.EARLIEST)))
        .isEqualTo(EARLIEST);
    assertThat(ResetRules.replaced(sought, UNSET)).isEqualTo(FAIL);
    assertThat(ResetRules.replaced(found, UNSET)).isEqualTo(EARLIEST);
  }

  @Test
  void looksUpAgainAPlaceThatRetentionHasOvertaken() {
    assertThat(ResetRules.outOfRange(new StartAt.First(), true, false, UNSET)).isEqualTo(EARLIEST);
    assertThat(ResetRules.outOfRange(new StartAt.First(), true, true, UNSET)).isEqualTo(FAIL);
  }

  @Test
  void returnsNothingTwiceWhereAnOffsetBehindTheEndWasSought() {
    StartAt sought = new StartAt.Offset(7, StartAt.NO_EPOCH, "", true);

    assertThat(ResetRules.outOfRange(sought, false, true, Optional.of(OffsetReset.EARLIEST)))
        .isEqualTo(LATEST);
    assertThat(ResetRules.outOfRange(sought, false, true, UNSET)).isEqualTo(FAIL);
  }
}
