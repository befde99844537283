package io.millrace.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.simulator.Act.Kind;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShrinkerTest {
  private final List<Act> schedule =
      IntStream.range(0, 100).mapToObj(i -> new Act(i, Kind.KILL, i, 0)).toList();

  @Test
  void leavesOnlyWhatTheFailureNeeds() {
    Shrinker<Act> shrinker =
        new Shrinker<>(acts -> has(acts, 3) && has(acts, 57) && has(acts, 58), 10_000);
    assertThat(shrinker.shrink(schedule)).extracting(Act::who).containsExactly(3, 57, 58);
    assertThat(shrinker.runs()).isLessThan(200);
  }

  @Test
  void stopsAfterSoManyRunsWithTheSmallestSoFar() {
    Shrinker<Act> shrinker = new Shrinker<>(acts -> has(acts, 3) && has(acts, 97), 5);
    List<Act> smaller = shrinker.shrink(schedule);
    assertThat(smaller).extracting(Act::who).contains(3, 97);
    assertThat(shrinker.runs()).isEqualTo(5);
  }

  @Test
  void leavesAloneWhatCannotBeSmaller() {
    Shrinker<Act> shrinker = new Shrinker<>(acts -> acts.size() == 100, 10_000);
    assertThat(shrinker.shrink(schedule)).isEqualTo(schedule);
  }

  private static boolean has(List<Act> acts, int who) {
    return acts.stream().anyMatch(act -> act.who() == who);
  }
}
