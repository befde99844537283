package io.millrace.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code conf/observability} asks of a broker must be there. */
class ObservabilityFilesTest {
  private static final Path FOLDER = Path.of("../../conf/observability");

  /** A name of ours, and what is asked of its labels. */
  private static final Pattern USE = Pattern.compile("(millrace_[a-z_]+)(?:\\{([^}]*)})?");

  private static final Pattern LABEL = Pattern.compile("([a-z]+)\\s*(?:=~|!~|!=|=)");

  /** Those that every scrape adds. */
  private static final Set<String> SCRAPED = Set.of("instance", "job", "le");

  private static Map<String, BrokerMetric> byName() {
    Map<String, BrokerMetric> names = new HashMap<>();
    for (BrokerMetric metric : BrokerMetric.values()) {
      if (metric.kind() == BrokerMetric.Kind.TIMER) {
        for (String suffix : List.of("_bucket", "_count", "_sum")) {
          names.put(metric.exposedName() + suffix, metric);
        }
      } else {
        names.put(metric.exposedName(), metric);
      }
    }
    return names;
  }

  @ParameterizedTest
  @ValueSource(strings = {"alerts.yml", "grafana-dashboard.json"})
  void everyMetricAndLabelThatIsAskedForExists(String file) throws IOException {
    Map<String, BrokerMetric> known = byName();
    Matcher use = USE.matcher(Files.readString(FOLDER.resolve(file)).replace("\\\"", "\""));
    int uses = 0;
    while (use.find()) {
      uses++;
      assertThat(known).containsKey(use.group(1));
      Set<String> labels = new HashSet<>(SCRAPED);
      labels.addAll(Objects.requireNonNull(known.get(use.group(1))).labels());
      Matcher label = LABEL.matcher(use.group(2) == null ? "" : use.group(2));
      while (label.find()) {
        assertThat(labels).describedAs(use.group()).contains(label.group(1));
      }
    }
    assertThat(uses).isGreaterThan(15);
  }

  @Test
  void promtoolTakesTheRules() throws Exception {
    Promtool.assumeInstalled();
    Promtool.check(new byte[0], "check", "rules", FOLDER.resolve("alerts.yml").toString());
  }

  @Test
  void theRulesFireWhenTheyShouldAndOnlyThen() throws Exception {
    Promtool.assumeInstalled();
    Promtool.check(new byte[0], "test", "rules", "src/test/resources/alerts-test.yml");
  }

  @Test
  void theDashboardShowsEveryMetricButThoseForTheRareCase() throws IOException {
    String dashboard = Files.readString(FOLDER.resolve("grafana-dashboard.json"));
    for (BrokerMetric metric : BrokerMetric.values()) {
      if (!NOT_SHOWN.contains(metric)) {
        assertThat(dashboard).describedAs("%s", metric).contains(metric.exposedName());
      }
    }
  }

  private static final Set<BrokerMetric> NOT_SHOWN =
      Set.of(
          BrokerMetric.BROKER_INCARNATION,
          BrokerMetric.CLUSTER_BROKERS,
          BrokerMetric.CLUSTER_TOPICS,
          BrokerMetric.CLUSTER_IMAGE_AGE_SECONDS,
          BrokerMetric.BUILD_INFO,
          BrokerMetric.PROCESS_UPTIME_SECONDS,
          BrokerMetric.JVM_MEMORY_MAX_BYTES,
          BrokerMetric.JVM_GC_COLLECTIONS,
          BrokerMetric.METRICS_GROUPS_LEFT_OUT,
          BrokerMetric.METRICS_TOPICS_LEFT_OUT,
          BrokerMetric.METRICS_PARTITIONS_LEFT_OUT);
}
