package io.millrace.server.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.group.CommitNumber;
import io.millrace.server.group.CommittedOffset;
import io.millrace.server.group.Group;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("issue 5: lag in records and in seconds, with a stuck mark")
class GroupProgressTest {
  private static final PartitionId ONE = new PartitionId("orders~1", 0);
  private static final long NOW = 10_000_000;
  private static final long STUCK = GroupProgress.STUCK_MILLIS;

  private static GroupProgress progress(
      long committed, long movedMillis, long heldMillis, LagAnswer lag) {
    GroupReading group =
        new GroupReading(
            new GroupReading.Summary("g", Group.State.STABLE, 1),
            1,
            List.of(),
            Map.of(
                ONE, new CommittedOffset(committed, -1, NOW, movedMillis, "", CommitNumber.NONE)),
            heldMillis < 0 ? Map.of() : Map.of(ONE, new GroupReading.Holding("m", heldMillis)),
            "",
            "");
    ReaderAt reader = new ReaderAt(ONE, OptionalLong.of(committed));
    return GroupProgress.of(group, Map.of(reader, lag), NOW).get(0);
  }

  private static LagAnswer known(long start, long end, long waitingMillis) {
    return new LagAnswer.Known(1, start, end, OptionalLong.of(waitingMillis));
  }

  @Test
  void countsWhatIsLeftAndForHowLong() {
    GroupProgress one = progress(4, NOW - 9_000, 60_000, known(0, 10, 8_000));
    assertThat(one.records()).hasValue(6);
    assertThat(one.waitingMillis()).hasValue(8_000);
    assertThat(one.stillMillis()).hasValue(9_000);
    assertThat(one.stuck()).isFalse();
  }

  @Test
  void recordsThatAreGoneCannotBeReadAndAreNoLag() {
    assertThat(progress(4, NOW, 0, known(7, 10, 8_000)).records()).hasValue(3);
    assertThat(progress(40, NOW, 0, known(7, 10, 0)).records()).hasValue(0);
  }

  @Test
  void isStuckWhenAllThreeHaveLastedFiveMinutes() {
    assertThat(progress(4, NOW - STUCK, STUCK, known(0, 10, STUCK)).stuck()).isTrue();
    assertThat(progress(4, NOW - STUCK, STUCK, known(0, 10, STUCK - 1)).stuck())
        .as("the record has just come")
        .isFalse();
    assertThat(progress(4, NOW - STUCK, STUCK - 1, known(0, 10, STUCK)).stuck())
        .as("the member has just got it")
        .isFalse();
    assertThat(progress(4, NOW - STUCK + 1, STUCK, known(0, 10, STUCK)).stuck())
        .as("it has just moved")
        .isFalse();
    assertThat(progress(4, NOW - STUCK, -1, known(0, 10, STUCK)).stuck())
        .as("nobody reads it")
        .isFalse();
  }

  @Test
  void saysNothingWhereTheLeaderDoesNot() {
    LagAnswer unknown = new LagAnswer.Unknown(new Refusal(ErrorCode.UNAVAILABLE, "away"));
    GroupProgress one = progress(4, NOW - STUCK, STUCK, unknown);
    assertThat(one.records()).isEmpty();
    assertThat(one.waitingMillis()).isEmpty();
    assertThat(one.stuck()).isFalse();
  }
}
