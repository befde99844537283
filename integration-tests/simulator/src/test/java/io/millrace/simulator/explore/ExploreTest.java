package io.millrace.simulator.explore;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.SafetyRule;
import io.millrace.rpc.WithoutRule;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Small scopes to their end, and every rule that one partition can miss. Section 7.7. */
class ExploreTest {
  private static final int MAX_STATES = 400_000;

  /** Steps: some thousands of states, in which each kind of them has happened. */
  private static final int COMPARED_DEPTH = 6;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "isr=7 crash=0 power=0 delay=0 appends=1 epochs=3 versions=0",
        "isr=7 crash=1 power=0 delay=0 appends=1 epochs=2 versions=0",
        "isr=3 crash=0 power=0 unknown=0 delay=0 appends=1 epochs=2 versions=4",
        "min=1 isr=3 crash=0 power=1 unknown=0 delay=0 appends=1 epochs=2 versions=3",
        "recover isr=7 crash=1 power=0 unknown=0 delay=0 appends=1 epochs=2 versions=2",
        "recover min=1 isr=3 crash=0 power=1 unknown=1 delay=0 appends=1 epochs=2 versions=3",
        "isr=3 crash=0 power=0 damage=1 unknown=0 delay=0 appends=1 epochs=2 versions=4",
        "min=1 isr=3 crash=0 power=0 lost=1 unknown=0 delay=0 appends=1 epochs=2 versions=4",
        "recover isr=3 crash=0 power=0 damage=1 unknown=0 delay=0 appends=1 epochs=2 versions=3",
        "recover min=1 isr=3 crash=0 power=0 lost=1 unknown=0 delay=0 appends=1 epochs=2 versions=3",
      })
  void noStateOfAWholeScopeBreaksALaw(String words) {
    Finding finding = new Search(Scope.of(words), List.of(), MAX_STATES, false).run();
    assertThat(finding.violation()).as(finding.toString()).isEmpty();
    assertThat(finding.isComplete()).as(finding.toString()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "isr=3 crash=1 power=1 unknown=1 delay=1 appends=2 epochs=3 versions=4",
        "min=1 isr=3 crash=1 power=1 unknown=1 delay=0 appends=1 epochs=3 flush handover",
        "level=synced isr=3 crash=0 power=1 unknown=1 delay=1 appends=1 epochs=3 flush",
        "isr=7 crash=1 power=1 unknown=1 delay=1 appends=2 epochs=3 lower handover",
        "isr=1 elig=2 crash=1 power=1 unknown=1 delay=0 appends=2 epochs=3 versions=0",
        "isr=7 crash=1 power=1 unknown=1 delay=1 appends=2 epochs=3 versions=0",
      })
  void whatIsForgottenMakesNoDifference(String words) {
    Scope scope = Scope.of(words);
    Forgetting forgetting = new Forgetting(scope, new Behaviour(scope));
    Codec codec = new Codec();
    SeenStates all = new SeenStates();
    Finding whole =
        Search.ofAllDifferences(scope, MAX_STATES)
            .within(COMPARED_DEPTH)
            .showing(
                state -> {
                  Cluster less = state.copy();
                  forgetting.settle(less);
                  all.add(codec.fingerprint(less));
                })
            .run();
    Finding finding = new Search(scope, List.of(), MAX_STATES, false).within(COMPARED_DEPTH).run();
    assertThat(whole.depth()).isEqualTo(COMPARED_DEPTH);
    assertThat(finding.depth()).isEqualTo(COMPARED_DEPTH);
    assertThat(finding.states()).isEqualTo(all.size()).isLessThan(whole.states());
  }

  static List<Rediscovery> rediscoveries() {
    return Rediscovery.ALL;
  }

  @ParameterizedTest
  @MethodSource("rediscoveries")
  void aRuleLeftOutIsMissed(Rediscovery rediscovery) {
    Finding finding;
    WithoutRule without = new WithoutRule(rediscovery.rule());
    try {
      finding = rediscovery.search(MAX_STATES);
    } finally {
      without.close();
    }
    assertThat(finding.violation()).as(finding.toString()).isPresent();
    assertThat(finding.trace()).isNotEmpty();
  }

  @Test
  void theTraceIsOneOfTheShortest() {
    Finding finding;
    WithoutRule without = new WithoutRule(SafetyRule.H5);
    try {
      Scope scope = Scope.of("isr=1 elig=2 flush crash=0 power=0 unknown=0 delay=0 epochs=2");
      finding = new Search(scope, List.of(), MAX_STATES, true).run();
    } finally {
      without.close();
    }
    assertThat(finding.trace()).hasSize(5);
    assertThat(finding.toString()).contains("writes the sets it wants").contains("promised up to");
  }

  @Test
  void aStateIsTheSameUnderAnyNamesOfItsBrokers() {
    Codec codec = new Codec();
    Cluster one = Cluster.first(Scope.of("isr=3"));
    Cluster other = Cluster.first(Scope.of("isr=5"));
    assertThat(codec.fingerprint(one)).isEqualTo(codec.fingerprint(other));
    assertThat(codec.fingerprint(one))
        .isNotEqualTo(codec.fingerprint(Cluster.first(Scope.of("isr=1"))));
    assertThat(codec.encode(codec.decode(codec.encode(one)))).isEqualTo(codec.encode(one));
  }
}
