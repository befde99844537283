package io.millrace.storage.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.compaction.CompactionPlan.Closed;
import io.millrace.storage.compaction.JoinPlan.Run;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class JoinPlanTest {
  private static final long MIB = 1 << 20;

  /** Ten offsets each, from 0 on. */
  private static List<Closed> segments(long... sizes) {
    List<Closed> segments = new ArrayList<>();
    for (long size : sizes) {
      long base = 10L * segments.size();
      segments.add(new Closed(base, base + 10, size, 0));
    }
    return segments;
  }

  @Test
  void joinsNeighboursThatFitIntoOne() {
    assertThat(JoinPlan.decide(segments(84, 84, 84), 100, MIB)).contains(new Run(0, 3));
    assertThat(JoinPlan.decide(segments(600, 500, 400, 300), 100, 1_000)).contains(new Run(1, 3));
    assertThat(JoinPlan.decide(segments(600, 500, 600), 100, 1_000)).isEmpty();
    assertThat(JoinPlan.decide(segments(600), 100, 1_000)).isEmpty();
    assertThat(JoinPlan.decide(segments(), 100, 1_000)).isEmpty();
  }

  @Test
  void leavesAloneWhatIsNotCompactedYet() {
    assertThat(JoinPlan.decide(segments(84, 84, 84), 20, MIB)).contains(new Run(0, 2));
    assertThat(JoinPlan.decide(segments(84, 84, 84), 19, MIB)).isEmpty();
  }

  @Test
  void writesNothingLargeAgainForWhatIsLittle() {
    assertThat(JoinPlan.decide(segments(500 * MIB, MIB, MIB), 100, 1_000 * MIB))
        .as("the little ones first")
        .contains(new Run(1, 3));
    assertThat(JoinPlan.decide(segments(500 * MIB, 2 * MIB), 100, 1_000 * MIB)).isEmpty();
    assertThat(JoinPlan.decide(segments(400 * MIB, 300 * MIB, 100 * MIB), 100, 1_000 * MIB))
        .contains(new Run(0, 3));
  }

  @Test
  void spansNoMoreOffsetsThanAnIndexCanCount() {
    List<Closed> wide =
        List.of(new Closed(0, 1L << 30, 84, 0), new Closed(1L << 30, 1L << 31, 84, 0));
    assertThat(JoinPlan.decide(wide, Long.MAX_VALUE, MIB)).isEmpty();
  }
}
