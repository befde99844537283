package io.millrace.server.group;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("semantics 4.12: patterns of topics")
class TopicPatternTest {
  @ParameterizedTest
  @CsvSource({
    "orders, orders, true",
    "orders, orders2, false",
    "orders, order, false",
    "*, x, true",
    "orders.*, orders.eu, true",
    "orders.*, orders., true",
    "orders.*, ordersXeu, false",
    "*.eu, orders.eu, true",
    "*.eu, orders.eu.west, false",
    "o?ders, orders, true",
    "o?ders, oders, false",
    "a*b*c, aXbYbZc, true",
    "a*b*c, aXcYb, false",
    "**?**, x, true",
    "?, '', false",
    "*, '', true",
    "'', '', true",
    "[a-z]+, abc, false",
  })
  void matchesNamesAsAWhole(String pattern, String name, boolean matches) {
    assertThat(TopicPattern.matches(pattern, name)).isEqualTo(matches);
  }

  @Test
  @Timeout(20)
  @DisplayName("B51: a pattern made to take long takes no longer than name times pattern")
  void takesNoMoreStepsThanNameTimesPattern() {
    String pattern = "*a".repeat(100) + "b";
    String name = "a".repeat(200);
    long begun = System.nanoTime();
    for (int i = 0; i < 1_000; i++) {
      assertThat(TopicPattern.matches(pattern, name)).isFalse();
    }
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(15));
  }
}
