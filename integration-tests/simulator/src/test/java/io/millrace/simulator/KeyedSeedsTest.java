package io.millrace.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.simulator.Options.Fault;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A compacted topic among what threatens it most: a few seeds more than every build draws. */
@DisplayName("semantics 4.10: compaction while brokers die, lose power, disks and leaderships")
class KeyedSeedsTest {
  private static final int SEEDS = Integer.getInteger("simulator.keyed.seeds", 3);
  private static final Swarm THREATS =
      Swarm.of(
          Fault.KILL,
          Fault.LOSE_POWER,
          Fault.LOSE_POWER_ALL,
          Fault.FULL_DISK,
          Fault.OLD_DISK,
          Fault.EMPTY_DISK,
          Fault.ELECT);

  @Test
  void keepsTheLatestOfEachKeyAndBringsNoneBack() {
    Reach reach = new Reach();
    for (int i = 0; i < SEEDS; i++) {
      long seed = 43 + (long) i * Workload.Kind.EVERY;
      Verdict verdict = Run.of(seed, THREATS);
      assertThat(verdict.violation()).as("seed " + seed).isEmpty();
      reach.add(verdict.reach());
    }
    assertThat(reach.of(Reach.Place.COMPACTED)).isPositive();
    assertThat(reach.of(Reach.Place.COMPACTED_AWAY)).isPositive();
  }
}
