package io.millrace.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PausesTest {
  private final Pauses pauses = new Pauses();

  @Test
  void knowsNothingOfWhatNeverHappened() {
    assertThat(pauses.longestNanos(1_000)).isEmpty();
    assertThat(pauses.hasHappenedSince(0)).isFalse();
  }

  @Test
  void countsThePauseThatIsUnderWay() {
    pauses.happened(100);
    pauses.happened(130);
    assertThat(pauses.longestNanos(140)).hasValue(30);
    assertThat(pauses.longestNanos(170)).hasValue(40);
  }

  @Test
  void aStretchBeginsWithThePauseItFinds() {
    pauses.happened(0);
    pauses.happened(500);
    pauses.happened(510);
    pauses.begin(); // at 515, say
    pauses.happened(530);
    pauses.happened(535);
    assertThat(pauses.longestNanos(536)).hasValue(20);
    assertThat(pauses.hasHappenedSince(535)).isTrue();
    assertThat(pauses.hasHappenedSince(536)).isFalse();
  }

  @Test
  void aRepeatedRecordIsNoProgress() {
    Deliveries deliveries = new Deliveries(2);
    deliveries.delivered(1, 0, 10, 100);
    deliveries.delivered(1, 1, 10, 110);
    deliveries.delivered(1, 1, 10, 150);
    assertThat(deliveries.pauses(1).longestNanos(160)).hasValue(50);
    assertThat(deliveries.repeated()).isEqualTo(1);
    assertThat(deliveries.records()).isEqualTo(2);
    assertThat(deliveries.bytes()).isEqualTo(20);
    assertThat(deliveries.allSince(100)).as("nothing of partition 0 yet").isFalse();
    deliveries.delivered(0, 0, 10, 200);
    assertThat(deliveries.allSince(100)).isTrue();
  }

  @Test
  void tellsWhatWasPassedOver() {
    Deliveries deliveries = new Deliveries(1);
    deliveries.delivered(0, 0, 1, 1);
    deliveries.delivered(0, 4, 1, 2);
    assertThat(deliveries.missed()).isEqualTo(3);
  }

  @Test
  void aSpreadIsTheMiddleAndTheWorst() {
    assertThat(Spread.of(List.of(5L, 1L, 3L))).isEqualTo(new Spread(3, 3, 5));
    assertThat(Spread.of(List.of(4L, 1L))).isEqualTo(new Spread(2, 2, 4));
    assertThat(Spread.of(List.of()).text()).isEqualTo("-");
  }
}
