package io.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs each benchmark once, in this process, so that none of them rots. Its figures mean nothing.
 */
class BenchmarksTest {
  private static final Set<String> AREAS =
      Set.of(
          "EncodeBenchmark",
          "DecodeBenchmark",
          "AppendBenchmark",
          "IndexBenchmark",
          "CompactionBenchmark",
          "FrameBenchmark",
          "MailboxBenchmark");

  @Test
  void everyOneRuns() throws Exception {
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include("io\\.millrace\\..*")
                    .mode(Mode.AverageTime)
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(5))
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    Set<String> ran =
        results.stream()
            .map(
                result -> result.getParams().getBenchmark().replaceAll(".*\\.(\\w+)\\.\\w+$", "$1"))
            .collect(Collectors.toSet());
    assertThat(ran).isEqualTo(AREAS);
    assertThat(results).allMatch(result -> result.getPrimaryResult().getScore() > 0);
  }
}
