package io.millrace.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MetricsPageTest {
  @Test
  void thePageIsWhatTheTableSays() throws IOException {
    Path written = Path.of("target/METRICS.md");
    Files.writeString(written, MetricsPage.text());
    assertThat(Files.readString(Path.of("../METRICS.md")))
        .describedAs("broker/METRICS.md is out of date; the right one is in %s", written)
        .isEqualTo(MetricsPage.text());
  }

  @Test
  void everyNameIsSnakeCaseInBaseUnitsAndUnique() {
    Set<String> names = new HashSet<>();
    Set<String> jmxNames = new HashSet<>();
    for (BrokerMetric metric : BrokerMetric.values()) {
      assertThat(metric.exposedName()).matches("millrace_[a-z]+(_[a-z]+)*");
      assertThat(names.add(metric.exposedName())).isTrue();
      assertThat(jmxNames.add(metric.group() + metric.jmxName())).isTrue();
      assertThat(metric.exposedName()).doesNotContainPattern("millis|nanos|_ms|_kb|kilobytes");
      assertThat(metric.meaning()).endsWith(".");
      if (metric.kind() == BrokerMetric.Kind.TIMER) {
        assertThat(metric.exposedName()).endsWith("_seconds");
      }
    }
  }
}
