package io.millrace.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the simulator once found, and what was mended since: each as the whole schedule, because a
 * seed means another run as soon as anything draws differently. And scripts of the fault matrix
 * that chance hardly ever writes (F09, F13). The README has the table.
 */
class NamedSchedulesTest {
  @ParameterizedTest(name = "{0}")
  @DisplayName("what was mended stays so, and scripts hold (reliability 4, 9)")
  @ValueSource(strings = {"F-5", "P-4", "P-7", "P-8", "P-10", "P-13", "P-14", "P-15", "F09", "F13"})
  void breaksNothing(String name) {
    KeptSchedule schedule = KeptSchedule.load(name);
    assertThat(schedule.without()).isEmpty();
    assertThat(schedule.firstViolation()).isEmpty();
  }
}
