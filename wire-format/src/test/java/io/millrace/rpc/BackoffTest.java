package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackoffTest {
  private final Backoff backoff = new Backoff(50, 1_000);

  @ParameterizedTest
  @CsvSource({"1, 50", "2, 100", "3, 200", "5, 800", "6, 1000", "60, 1000", "2000000000, 1000"})
  void b97_waitsLongerAfterEachFailureWithARandomPartBetweenHalfAndAll(int failures, int longest) {
    SplittableRandom random = new SplittableRandom(3);
    LongStream delays =
        LongStream.generate(() -> backoff.delayMillis(failures, random)).limit(1_000);
    assertThat(delays.summaryStatistics())
        .satisfies(
            all -> {
              assertThat(all.getMin()).isBetween(longest / 2L, longest * 6L / 10);
              assertThat(all.getMax()).isBetween(longest * 9L / 10, (long) longest);
            });
  }

  @Test
  void neverWaitsBeyondTheMaximumWhateverTheNumbers() {
    Backoff large = new Backoff(1, Integer.MAX_VALUE);
    SplittableRandom random = new SplittableRandom(3);
    for (int failures = 1; failures < 200; failures++) {
      assertThat(large.delayMillis(failures, random)).isBetween(1L, (long) Integer.MAX_VALUE);
    }
  }

  @Test
  void refusesNumbersThatMakeNoSense() {
    assertThatThrownBy(() -> new Backoff(0, 1)).hasMessageContaining("1 <= first <= max");
    assertThatThrownBy(() -> new Backoff(2, 1)).hasMessageContaining("1 <= first <= max");
    assertThatThrownBy(() -> backoff.delayMillis(0, new SplittableRandom(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
