package io.millrace.server.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SilenceLimitTest {
  private static final long MILLI = 1_000_000;

  private final SilenceLimit limit = new SilenceLimit(100 * MILLI, 2_000 * MILLI);
  private long now;

  private void answers(int count, long tookMillis) {
    for (int i = 0; i < count; i++) {
      now += 25 * MILLI;
      limit.onAnswer(tookMillis * MILLI, now);
    }
  }

  @Test
  void isLongerForSomebodyNewAndAtItsLeastOnceAnswersHaveComeInTimeForSeconds() {
    assertThat(limit.nanos()).isEqualTo(425 * MILLI);
    answers(1_000, 26);
    assertThat(limit.nanos()).isEqualTo(100 * MILLI);
  }

  @Test
  void growsAtOnceWhenAnswersBecomeSlow() {
    answers(1_000, 26);
    answers(1, 400);
    assertThat(limit.nanos()).isGreaterThan(350 * MILLI);
  }

  @Test
  void remembersJitterForSecondsAndThenForgetsIt() {
    answers(1_000, 26);
    answers(5, 400);
    answers(40, 26); // a second
    assertThat(limit.nanos()).isGreaterThan(200 * MILLI);
    answers(40 * 30, 26);
    assertThat(limit.nanos()).isEqualTo(100 * MILLI);
  }

  @Test
  void isNeverAboveItsMost() {
    answers(20, 9_000);
    assertThat(limit.nanos()).isEqualTo(2_000 * MILLI);
  }

  @Test
  void remembersSecondsAndNotANumberOfAnswers() {
    answers(10, 300);
    long before = limit.nanos();
    for (int i = 0; i < 1_000; i++) {
      now += MILLI / 10;
      limit.onAnswer(MILLI / 5, now);
    }
    assertThat(limit.nanos()).isGreaterThan(before / 2);
  }

  @Test
  void takesTheSlowestAnswerOfAWindowForAllOfIt() {
    for (int i = 0; i < 4_000; i++) {
      now += 5 * MILLI;
      limit.onAnswer(i % 5 == 0 ? 90 * MILLI : MILLI, now);
    }
    // Seen one by one, the slow ones would be outliers; in each window there is one.
    assertThat(limit.nanos()).isBetween(100 * MILLI, 200 * MILLI);
  }

  @Test
  void refusesBoundsThatMakeNoSense() {
    assertThatThrownBy(() -> new SilenceLimit(0, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new SilenceLimit(2, 1)).isInstanceOf(IllegalArgumentException.class);
  }
}
