package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.RetentionPlan.Closed;
import io.millrace.storage.log.RetentionPlan.Decision;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("4.9: which segments may go")
class RetentionPlanTest {
  private static final long NOW = 1_000_000;
  private static final long ALL = Long.MAX_VALUE;

  private final List<Closed> closed = new ArrayList<>();
  private long activeBytes = 10;

  /** A segment of ten offsets and a hundred bytes. */
  private void segment(long lastAppendMillis) {
    closed.add(new Closed(10L * (closed.size() + 1), 100, lastAppendMillis));
  }

  private Decision decide(long retentionMillis, long retentionBytes, long highWatermark) {
    LogConfig config = LogConfig.DEFAULT.withRetention(retentionMillis, retentionBytes);
    long total = activeBytes + closed.stream().mapToLong(Closed::sizeBytes).sum();
    return RetentionPlan.decide(closed, total, config, highWatermark, NOW);
  }

  @Test
  void keepsEverythingForEver() {
    segment(0);
    segment(RetentionPlan.UNKNOWN);
    assertThat(decide(-1, -1, ALL)).isEqualTo(new Decision.KeepAll());
  }

  @Test
  void letsGoWhatWasAppendedLongerAgoThanTheLimit() {
    segment(NOW - 1001);
    segment(NOW - 1001);
    segment(NOW - 1000);
    segment(NOW - 5000);
    assertThat(decide(1000, -1, ALL)).isEqualTo(new Decision.Remove(0, 2, 20));
  }

  @Test
  void keepsAtLeastTheLimitInBytes() {
    for (int i = 0; i < 5; i++) {
      segment(NOW);
    }
    activeBytes = 50; // 550 in all
    assertThat(decide(-1, 551, ALL)).isEqualTo(new Decision.KeepAll());
    assertThat(decide(-1, 451, ALL)).isEqualTo(new Decision.KeepAll());
    assertThat(decide(-1, 450, ALL)).isEqualTo(new Decision.Remove(1, 0, 10));
    assertThat(decide(-1, 250, ALL)).isEqualTo(new Decision.Remove(3, 0, 30));
    assertThat(decide(-1, 0, ALL)).isEqualTo(new Decision.Remove(5, 0, 50));
  }

  @Test
  void goesByEitherReasonWhicheverComesFirst() {
    segment(NOW - 5000);
    segment(NOW - 5000);
    segment(NOW - 5000);
    segment(NOW);
    assertThat(decide(1000, 250, ALL)).isEqualTo(new Decision.Remove(1, 2, 30));
  }

  @Test
  void neverTouchesWhatIsNotCommitted() {
    segment(0);
    segment(0);
    segment(0);
    assertThat(decide(1000, 0, 19)).isEqualTo(new Decision.Remove(1, 0, 10));
    assertThat(decide(1000, -1, 20)).isEqualTo(new Decision.Remove(0, 2, 20));
    assertThat(decide(1000, -1, 9)).isEqualTo(new Decision.KeepAll());
  }

  @Test
  void looksBeforeItDecidesByTime() {
    segment(RetentionPlan.UNKNOWN);
    segment(0);
    assertThat(decide(1000, -1, ALL)).isEqualTo(new Decision.Look());
    assertThat(decide(1000, -1, 9)).isEqualTo(new Decision.KeepAll());
  }

  @Test
  void needsNoTimeToDecideBySize() {
    segment(RetentionPlan.UNKNOWN);
    segment(RetentionPlan.UNKNOWN);
    activeBytes = 100;
    assertThat(decide(1000, 200, ALL)).isEqualTo(new Decision.Remove(1, 0, 10));
  }

  @Test
  @DisplayName("a segment that a wrong clock has put into the future waits, and so do those behind")
  void keepsWhatWasAppendedInTheFuture() {
    segment(NOW + 100);
    segment(0);
    assertThat(decide(0, -1, ALL)).isEqualTo(new Decision.KeepAll());
  }

  @Test
  void retainsNothingThatIsOlderThanNowWithARetentionOfZero() {
    segment(NOW - 1);
    segment(NOW);
    assertThat(decide(0, -1, ALL)).isEqualTo(new Decision.Remove(0, 1, 10));
  }
}
