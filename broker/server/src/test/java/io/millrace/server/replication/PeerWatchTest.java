package io.millrace.server.replication;

import static io.millrace.server.replication.PeerWatch.Verdict.CLEARED;
import static io.millrace.server.replication.PeerWatch.Verdict.NOTHING;
import static io.millrace.server.replication.PeerWatch.Verdict.SUSPECTED;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PeerWatchTest {
  private static final long MILLI = 1_000_000;
  private static final long TICK = 10 * MILLI;

  private final PeerWatch watch = new PeerWatch(wellKnown(), TICK, 0);
  private long now;

  private static SilenceLimit wellKnown() {
    SilenceLimit limit = new SilenceLimit(100 * MILLI, 2_000 * MILLI);
    for (int i = -1_000; i < 0; i++) {
      limit.onAnswer(25 * MILLI, i * 25L * MILLI);
    }
    return limit;
  }

  private PeerWatch.Verdict tick(long afterMillis) {
    now += afterMillis * MILLI;
    return watch.onTick(now);
  }

  /** Ticks in time until something changes; how long that took. */
  private long untilSuspected(int mostMillis) {
    long began = now;
    while (now - began < mostMillis * MILLI) {
      if (tick(10) == SUSPECTED) {
        return (now - began) / MILLI;
      }
    }
    return -1;
  }

  @Test
  void suspectsWhoIsSilentForTheLimit() {
    watch.onAsked(now);
    assertThat(untilSuspected(1_000)).isBetween(100L, 110L);
    assertThat(watch.why()).startsWith("no answer for 1");
  }

  @Test
  @DisplayName(
      "a broker that opens thousands of logs has joined their sets before it can answer well")
  void hasThePatienceForOneThatStartsThatItHasForTheSlowest() {
    watch.setStarting(true);
    watch.onAsked(now);
    assertThat(untilSuspected(3_000)).isBetween(2_000L, 2_010L);
  }

  @Test
  void hasNoMorePatienceOnceItServesOrIsRefused() {
    watch.setStarting(true);
    watch.onAsked(now);
    assertThat(watch.onRefused("its process is gone")).isEqualTo(SUSPECTED);
    watch.onHeard(now);

    watch.setStarting(false);
    watch.onAsked(now);
    assertThat(untilSuspected(1_000)).isBetween(100L, 110L);
  }

  @Test
  void suspectsNobodyWhoWasNotAsked() {
    assertThat(untilSuspected(10_000)).isEqualTo(-1);
    watch.onAsked(now);
    watch.onHeard(now);
    assertThat(untilSuspected(10_000)).isEqualTo(-1);
  }

  @Test
  void suspectsOnce() {
    watch.onAsked(now);
    untilSuspected(1_000);
    assertThat(untilSuspected(10_000)).isEqualTo(-1);
    assertThat(watch.onRefused("refused as well")).isEqualTo(NOTHING);
  }

  @Test
  void clearsWhoAnswers() {
    watch.onAsked(now);
    untilSuspected(1_000);
    assertThat(watch.onHeard(now)).isEqualTo(CLEARED);
    assertThat(watch.isSuspected()).isFalse();
    assertThat(watch.onHeard(now)).isEqualTo(NOTHING);
  }

  @Test
  void suspectsAtOnceWhoRefusesAConnection() {
    assertThat(watch.onRefused("connection refused")).isEqualTo(SUSPECTED);
    assertThat(watch.why()).isEqualTo("connection refused");
  }

  @Test
  void countsFromTheFirstQuestionThatWasNotAnswered() {
    watch.onAsked(now);
    for (int i = 0; i < 9; i++) {
      assertThat(tick(10)).isEqualTo(NOTHING);
      watch.onAsked(now); // the connection was lost, and another one is tried
    }
    assertThat(tick(10)).isEqualTo(SUSPECTED);
  }

  @Test
  @DisplayName("hazard 15: a loop that stood still for seconds accuses nobody of them")
  void accusesNobodyOfItsOwnStall() {
    watch.onAsked(now);
    assertThat(tick(5_000)).isEqualTo(NOTHING);
    assertThat(watch.onHeard(now)).isEqualTo(NOTHING); // it was in the socket all the time
  }

  @Test
  void noticesEvenWhenEveryTickIsLate() {
    watch.onAsked(now);
    PeerWatch.Verdict verdict = NOTHING;
    for (int i = 0; i < 10 && verdict == NOTHING; i++) {
      verdict = tick(40);
    }
    assertThat(verdict).isEqualTo(SUSPECTED);
  }

  @Test
  void givesMoreTimeAfterASuspicionThatWasWrong() {
    watch.onAsked(now);
    untilSuspected(1_000);
    tick(300);
    watch.onHeard(now);
    watch.onAsked(now);
    assertThat(untilSuspected(1_000)).isGreaterThan(200);
  }
}
