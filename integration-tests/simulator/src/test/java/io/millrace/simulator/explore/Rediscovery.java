package io.millrace.simulator.explore;

import static io.millrace.simulator.explore.Step.Kind.ANSWER;
import static io.millrace.simulator.explore.Step.Kind.APPEND;
import static io.millrace.simulator.explore.Step.Kind.CRASH;
import static io.millrace.simulator.explore.Step.Kind.ELECT;
import static io.millrace.simulator.explore.Step.Kind.FETCH;
import static io.millrace.simulator.explore.Step.Kind.HOLD_BACK;
import static io.millrace.simulator.explore.Step.Kind.LEAVE_IN_DOUBT;
import static io.millrace.simulator.explore.Step.Kind.LOSE_POWER;
import static io.millrace.simulator.explore.Step.Kind.READ;
import static io.millrace.simulator.explore.Step.Kind.START;

import io.millrace.rpc.SafetyRule;
import java.util.List;

/**
 * A scope in which a rule is missed when it is left out.
 *
 * @param words see {@link Scope}
 * @param beginning steps to where the search begins, so that what takes many is found soon
 */
record Rediscovery(SafetyRule rule, String words, List<Step> beginning) {
  private static final String QUIET = "crash=0 power=0 unknown=0 delay=0 appends=1 epochs=2 ";

  /** Those that one partition's rules can express; the others are the simulator's to find. */
  static final List<Rediscovery> ALL =
      List.of(
          of(SafetyRule.R1, "crash=1 epochs=3 versions=3"),
          of(
              SafetyRule.R2,
              "appends=2 epochs=3 versions=4",
              step(APPEND, 1),
              step(FETCH, 3),
              step(ELECT, 2),
              step(ANSWER, 2),
              step(APPEND, 2)),
          of(
              SafetyRule.R3,
              "isr=3 delay=1 epochs=3 versions=4",
              step(APPEND, 1),
              step(FETCH, 3),
              step(HOLD_BACK, 3),
              step(ELECT, 2),
              step(ANSWER, 2)),
          of(
              SafetyRule.R4,
              "isr=3 crash=1 appends=2 versions=4",
              step(APPEND, 1),
              step(APPEND, 1),
              step(FETCH, 2),
              step(FETCH, 2),
              step(FETCH, 2),
              step(CRASH, 1)),
          of(SafetyRule.R5, "isr=3 versions=4"),
          of(SafetyRule.R6, "isr=3 power=1 versions=4"),
          of(
              SafetyRule.R7,
              "isr=3 power=2 versions=4",
              step(APPEND, 1),
              step(FETCH, 2),
              step(FETCH, 2)),
          of(SafetyRule.R10, "isr=3 unknown=1 versions=4"),
          of(SafetyRule.R11, "isr=3 versions=4"),
          of(SafetyRule.H1, "isr=3 power=1 versions=4"),
          of(SafetyRule.H2, "min=1 isr=3 power=1 versions=4"),
          of(SafetyRule.H3, "min=1 power=1 versions=4"),
          of(
              SafetyRule.H4,
              "isr=3 power=2 versions=4",
              step(APPEND, 1),
              step(FETCH, 2),
              step(FETCH, 2),
              new Step(LOSE_POWER, 0, 0),
              step(START, 1),
              step(READ, 1),
              step(LEAVE_IN_DOUBT, 1)),
          of(SafetyRule.H5, "isr=1 elig=2 flush versions=4"),
          of(SafetyRule.H8, "isr=3 unknown=1 versions=4"),
          of(SafetyRule.H9, "isr=3 crash=1 versions=4"),
          of(SafetyRule.H10, "isr=3 crash=1 power=1 versions=5"),
          of(SafetyRule.H11, "level=synced min=1 isr=1 flush versions=4"),
          of(
              SafetyRule.H13,
              "stop isr=3 min=1 power=1 versions=4",
              step(APPEND, 1),
              step(FETCH, 2),
              step(FETCH, 2)),
          of(SafetyRule.H14, "min=1 isr=3 power=1 versions=4"),
          of(SafetyRule.H16, "isr=3 damage=1 versions=4"),
          of(SafetyRule.H17, "min=1 isr=3 lost=1 versions=4"),
          of(SafetyRule.H18, "min=1 isr=3 lost=1 versions=5"));

  private static Rediscovery of(SafetyRule rule, String words, Step... beginning) {
    return new Rediscovery(rule, QUIET + words, List.of(beginning));
  }

  private static Step step(Step.Kind kind, int broker) {
    return new Step(kind, broker - 1, 0);
  }

  Finding search(int maxStates) {
    return new Search(Scope.of(words), beginning, maxStates, false).run();
  }

  @Override
  public String toString() {
    return rule + ": " + rule.without();
  }
}
