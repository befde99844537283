package io.millrace.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the simulator once found, and what was mended since: each as the whole schedule, because a
 * seed means another run as soon as anything draws differently. The README has the table.
 */
class NamedSchedulesTest {
  @ParameterizedTest(name = "{0}")
  @DisplayName("what was mended stays so (reliability 9)")
  @ValueSource(strings = {"F-1", "F-4", "F-5"})
  void breaksNothing(String name) {
    KeptSchedule schedule = KeptSchedule.load(name);
    assertThat(schedule.without()).isEmpty();
    assertThat(schedule.firstViolation()).isEmpty();
  }
}
