package io.millrace.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.SafetyRule;
import io.millrace.rpc.WithoutRule;
import io.millrace.simulator.Options.Fault;
import io.millrace.simulator.Violation.Rule;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Groups among faults: what the seeds of every build meet more of, and that the checks can fail.
 */
@DisplayName("semantics 4.12 to 4.14: a group, while its coordinator and its members fail")
class GroupSeedsTest {
  private static final int SEEDS = Integer.getInteger("simulator.group.seeds", 4);
  private static final Swarm DEATHS = Swarm.of(Fault.KILL, Fault.PAUSE, Fault.CUT_PAIR);

  /** Each draws a group. */
  private static long seed(int number) {
    return Workload.Kind.GROUPS + (long) number * Workload.Kind.EVERY;
  }

  @Test
  @DisplayName("I6, I7: commits never go back, a partition has one owner")
  void keepsItsPromises() {
    for (int i = 0; i < SEEDS; i++) {
      Verdict verdict = Run.of(seed(i), DEATHS);
      assertThat(verdict.violation()).as("seed " + seed(i)).isEmpty();
      assertThat(verdict.reach().of(Reach.Place.GROUP_COMMITTED)).isPositive();
    }
  }

  @Test
  @DisplayName("R20: a commit of a former owner is missed by sampling when it counts")
  void missesR20() {
    OptionalLong found = OptionalLong.empty();
    WithoutRule without = new WithoutRule(SafetyRule.R20);
    try {
      for (int i = 0; i < 40 && found.isEmpty(); i++) {
        if (Run.of(seed(i), DEATHS)
            .violation()
            .map(Violation::rule)
            .filter(this::isOfGroups)
            .isPresent()) {
          found = OptionalLong.of(seed(i));
        }
      }
    } finally {
      without.close();
    }
    assertThat(found).isPresent();
    System.out.println("without R20: found by seed " + found.getAsLong());
    assertThat(Run.of(found.getAsLong(), DEATHS).violation()).isEmpty();
  }

  private boolean isOfGroups(Rule rule) {
    return rule == Rule.I6_COMMITS_GO_FORWARD || rule == Rule.I7_ONE_OWNER;
  }
}
