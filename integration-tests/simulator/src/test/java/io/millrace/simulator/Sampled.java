package io.millrace.simulator;

import io.millrace.rpc.SafetyRule;
import io.millrace.simulator.Options.Fault;
import io.millrace.simulator.Violation.Rule;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A rule that sampling misses when it is left out. Its kinds of faults are some of those that every
 * build draws from, alone, so that few seeds do: nothing of what happens is written by hand.
 *
 * @param seeds at most so many are run, from 1 on; several times what it took when this was written
 * @param breaks any of these promises
 */
record Sampled(SafetyRule rule, Swarm swarm, int seeds, Set<Rule> breaks) {
  private static final Set<Rule> LOSES =
      EnumSet.of(
          Rule.I1_ACKNOWLEDGED_IS_KEPT,
          Rule.I4_SAME_LOGS,
          Rule.I5_END_GOES_ONLY_FORWARD,
          Rule.I11_MEMBERS_HOLD_ALL);

  static final List<Sampled> ALL =
      List.of(
          new Sampled(SafetyRule.R14, Swarm.of(Fault.LOST_NODES, Fault.NEW_TOPIC), 40, LOSES),
          new Sampled(
              SafetyRule.R16,
              Swarm.of(Fault.CUT_PAIR, Fault.CUT_ONE_WAY, Fault.KILL, Fault.KILL_ALL),
              200,
              EnumSet.of(Rule.I13_RECOVERS)),
          new Sampled(
              SafetyRule.R22, Swarm.of(Fault.FLIP_BIT, Fault.KILL, Fault.KILL_ALL), 40, LOSES),
          new Sampled(SafetyRule.R21, Swarm.of(Fault.FAIL_FORCE, Fault.LOSE_POWER), 40, LOSES),
          new Sampled(SafetyRule.R23, Swarm.of(Fault.LOST_NODES, Fault.KILL), 40, LOSES));

  /** The first seed that breaks one of the promises. */
  OptionalLong firstSeed() {
    for (long seed = 1; seed <= seeds; seed++) {
      if (breaks(Run.of(seed, swarm))) {
        return OptionalLong.of(seed);
      }
    }
    return OptionalLong.empty();
  }

  private boolean breaks(Verdict verdict) {
    return verdict.violation().map(Violation::rule).filter(breaks::contains).isPresent();
  }

  @Override
  public String toString() {
    return rule + ": " + rule.without();
  }
}
