package io.millrace.storage.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.compaction.CompactionPlan.Candidate;
import io.millrace.storage.compaction.CompactionPlan.Closed;
import io.millrace.storage.compaction.CompactionPlan.Decision;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rule 4.10: what is compacted when. */
class CompactionPlanTest {
  private static final long NOW = 1_000_000;

  private static final List<Closed> THREE =
      List.of(
          new Closed(0, 100, 1_000, NOW - 5_000),
          new Closed(100, 200, 1_000, NOW - 4_000),
          new Closed(200, 300, 1_000, NOW - 1_000));

  private static CompactionConfig config(long minLag, long maxLag, double ratio) {
    return new CompactionConfig(true, minLag, maxLag, ratio, 10_000);
  }

  private static Decision decide(long cleanedTo, long limit, CompactionConfig config) {
    return CompactionPlan.decide(
        new Candidate(THREE, cleanedTo, limit, config, Long.MAX_VALUE, false), NOW);
  }

  @Test
  void waitsUntilEnoughIsDirty() {
    CompactionConfig half = config(0, CompactionConfig.NEVER, 0.5);
    assertThat(decide(0, 300, half)).isEqualTo(new Decision.Compact(0, 300, 1, false));
    assertThat(decide(100, 300, half)).isEqualTo(new Decision.Compact(100, 300, 2 / 3.0, false));
    assertThat(decide(200, 300, half)).isInstanceOf(Decision.Leave.class);
    assertThat(decide(300, 300, config(0, CompactionConfig.NEVER, 0)))
        .isInstanceOf(Decision.Leave.class);
  }

  @Test
  void leavesAloneWhatIsNotCommittedOrYoung() {
    CompactionConfig eager = config(0, CompactionConfig.NEVER, 0.01);
    assertThat(decide(0, 299, eager)).isEqualTo(new Decision.Compact(0, 200, 1, false));
    assertThat(decide(0, 99, eager)).isInstanceOf(Decision.Leave.class);
    assertThat(decide(0, 300, config(4_500, CompactionConfig.NEVER, 0.01)))
        .isEqualTo(new Decision.Compact(0, 100, 1, false));
    assertThat(decide(0, 300, config(9_000, CompactionConfig.NEVER, 0.01)))
        .isInstanceOf(Decision.Leave.class);
  }

  @Test
  void doesNotWaitForTheRatioBehindTheMaximalLagOrAHorizonOrWhenAsked() {
    CompactionConfig never = config(0, CompactionConfig.NEVER, 1);
    assertThat(decide(200, 300, never)).isInstanceOf(Decision.Leave.class);
    assertThat(decide(200, 300, config(0, 2_000, 1)))
        .isEqualTo(new Decision.Compact(200, 300, 1 / 3.0, true));
    assertThat(decide(200, 300, config(0, 2_001_000, 1))).isInstanceOf(Decision.Leave.class);
    assertThat(CompactionPlan.decide(new Candidate(THREE, 300, 300, never, NOW, false), NOW))
        .isEqualTo(new Decision.Compact(300, 300, 0, true));
    assertThat(
            CompactionPlan.decide(
                new Candidate(THREE, 200, 300, config(9_999, -1, 1), Long.MAX_VALUE, true), NOW))
        .isEqualTo(new Decision.Compact(200, 300, 1 / 3.0, true));
  }

  @Test
  void aSegmentIsClosedEarlyEnoughForTheMaximalLag() {
    assertThat(CompactionPlan.segmentAgeMillis(config(0, 1_000, 1), 60_000)).isEqualTo(500);
    assertThat(CompactionPlan.segmentAgeMillis(config(0, -1, 1), 60_000)).isEqualTo(60_000);
    assertThat(CompactionPlan.segmentAgeMillis(CompactionConfig.OFF, 60_000)).isEqualTo(60_000);
  }
}
