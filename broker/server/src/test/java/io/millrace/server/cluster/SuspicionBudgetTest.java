package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** coordination.md: "Rate-limit elections per partition", so that leadership does not flap. */
class SuspicionBudgetTest {
  private static final long PERIOD = SECONDS.toNanos(10);

  private final SuspicionBudget budget = new SuspicionBudget();
  private long now = Long.MAX_VALUE - PERIOD; // the clock's zero is anywhere: it runs over here

  private void spendAtOnce(int times) {
    for (int i = 0; i < times; i++) {
      assertThat(budget.waitNanos(now)).as("number %s", i).isZero();
      budget.spend(now);
    }
  }

  @Test
  void brokersThatDieOneAfterAnotherAreReplacedAtOnce() {
    spendAtOnce(3);
  }

  @Test
  void afterThatItIsOneInAPeriod() {
    spendAtOnce(3);
    assertThat(budget.waitNanos(now)).isEqualTo(PERIOD);
    now += PERIOD / 4;
    assertThat(budget.waitNanos(now)).isEqualTo(PERIOD - PERIOD / 4);
    now += PERIOD - PERIOD / 4;
    spendAtOnce(1);
    assertThat(budget.waitNanos(now)).isEqualTo(PERIOD);
  }

  @Test
  void aQuietTimeFreesAllOfThem() {
    spendAtOnce(3);
    now += 3 * PERIOD;
    spendAtOnce(3);
    assertThat(budget.waitNanos(now)).isPositive();
  }

  @Test
  void aFlappingPairGetsNoMoreThanOneForEachPeriodHoweverLongItLasts() {
    int taken = 0;
    long end = now + 100 * PERIOD;
    for (; now - end < 0; now += SECONDS.toNanos(1)) {
      if (budget.waitNanos(now) == 0) {
        budget.spend(now);
        taken++;
      }
    }
    assertThat(taken).isBetween(100, 103);
  }

  @Test
  void onceItFlapsEachNewLeaderHasAPeriod() {
    budget.onLeader(1, now);
    spendAtOnce(3);
    now += PERIOD; // one is free again, but the other one has just taken the leadership back
    budget.onLeader(2, now);
    assertThat(budget.waitNanos(now)).isEqualTo(PERIOD);
    budget.onLeader(2, now + PERIOD / 2); // the same one, seen again
    now += PERIOD;
    spendAtOnce(1);
  }

  @Test
  void aNewLeaderHasNoPeriodWhereNothingFlaps() {
    budget.onLeader(1, now);
    spendAtOnce(1);
    budget.onLeader(2, now);
    assertThat(budget.waitNanos(now)).isZero();
  }
}
