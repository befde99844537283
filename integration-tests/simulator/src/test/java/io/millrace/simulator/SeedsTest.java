package io.millrace.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The same seeds in every build; {@code integration-tests/simulate} goes on with others. {@code
 * -Dsimulator.seeds=10000} runs more here.
 */
class SeedsTest {
  private static final long FIRST = 1;
  private static final long COUNT = Long.getLong("simulator.seeds", 25);

  /** So many are run twice. */
  private static final long TWICE = Long.getLong("simulator.seeds.twice", 3);

  @Test
  @DisplayName("no schedule of faults breaks a promise (reliability 7)")
  void noScheduleBreaksAPromise() throws InterruptedException {
    Sweep sweep = sweep(COUNT);
    assertThat(sweep.failed()).as(text(sweep)).isEmpty();
    assertThat(sweep.done()).isEqualTo(COUNT);
    // What was never reached was not tested.
    Reach reach = sweep.reach();
    assertThat(reach.of(Reach.Place.LEADER_CHANGE)).isGreaterThan(COUNT);
    assertThat(reach.of(Reach.Place.ONE_IN_SYNC)).isPositive();
    assertThat(reach.of(Reach.Place.ELIGIBLE_MEMBERS)).isPositive();
    assertThat(reach.of(Reach.Place.IN_SYNC_GROWS)).isPositive();
    assertThat(reach.of(Reach.Place.LEADS_AFTER_REPLACEMENT)).isPositive();
    assertThat(reach.of(Reach.Place.ACKNOWLEDGED)).isGreaterThan(COUNT);
  }

  @Test
  @DisplayName("equal seeds take equal steps (reliability 7.5)")
  void equalSeedsTakeEqualSteps() {
    for (long seed = FIRST; seed < FIRST + TWICE; seed++) {
      assertThat(Run.of(seed).trace()).as("seed %d", seed).isEqualTo(Run.of(seed).trace());
    }
  }

  private static Sweep sweep(long count) throws InterruptedException {
    Sweep sweep = new Sweep(FIRST, count, Run::of);
    sweep.go(Runtime.getRuntime().availableProcessors(), verdict -> {});
    return sweep;
  }

  private static String text(Sweep sweep) {
    return sweep.failed().stream()
        .map(
            verdict ->
                "seed "
                    + verdict.seed()
                    + ", round "
                    + verdict.rounds()
                    + ": "
                    + verdict.violation().map(Violation::toString).orElse("passed"))
        .collect(Collectors.joining("\n"));
  }
}
