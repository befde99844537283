package io.millrace.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.SafetyRule;
import io.millrace.rpc.WithoutRule;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The rules that the search of states cannot leave out: each has a schedule in which the real
 * brokers and clients break a promise without it, and none with it. Reliability 7.6. F-1 and F-4
 * are what the simulator once found: their rules are what mended it.
 */
class RediscoveryTest {
  @ParameterizedTest(name = "{0}")
  @DisplayName("a rule that is left out is missed (reliability 7.6)")
  @ValueSource(
      strings = {
        "R8", "R9", "R11", "R13", "R14", "R15", "R16", "R21", "R22", "R23", "H9", "F-1", "F-4"
      })
  void aRuleLeftOutIsMissed(String name) {
    KeptSchedule schedule = KeptSchedule.load(name);
    SafetyRule rule = SafetyRule.valueOf(name.replace("-", ""));
    assertThat(schedule.without()).contains(rule);
    assertThat(schedule.firstViolation()).as("with %s", name).isEmpty();

    Optional<Violation> violation;
    WithoutRule without = new WithoutRule(rule);
    try {
      violation = schedule.firstViolation();
    } finally {
      without.close();
    }
    assertThat(violation.map(Violation::rule)).as("without %s: %s", name, violation).isPresent();
    assertThat(schedule.breaks()).as("%s", violation).contains(violation.orElseThrow().rule());
  }

  static List<Sampled> sampled() {
    return Sampled.ALL;
  }

  @ParameterizedTest(name = "{0}")
  @DisplayName("a rule that is left out is missed by sampling (reliability 7.6)")
  @MethodSource("sampled")
  void aRuleLeftOutIsMissedBySampling(Sampled sampled) {
    OptionalLong seed;
    WithoutRule without = new WithoutRule(sampled.rule());
    try {
      seed = sampled.firstSeed();
    } finally {
      without.close();
    }
    assertThat(seed).as("seeds of %s", sampled.swarm()).isPresent();
    System.out.println("without " + sampled.rule() + ": found by seed " + seed.getAsLong());
    Verdict with = Run.of(seed.getAsLong(), sampled.swarm());
    assertThat(with.violation()).as("with %s, seed %s", sampled.rule(), seed).isEmpty();
  }
}
