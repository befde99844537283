package io.millrace.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script that sets Millrace beside its peers, without a peer. */
class CompareTest {
  @TempDir Path folder;

  @BeforeAll
  static void needsPython() {
    assumeTrue(
        List.of(System.getenv("PATH").split(":", -1)).stream()
            .anyMatch(entry -> Files.isExecutable(Path.of(entry, "python3"))),
        "python3 is not on the PATH: compare is not tried");
  }

  @Test
  void printsMediansRangesRatiosAndCpuPerRecord() throws Exception {
    Run run = run("./compare", "--table", "src/test/resources/results.jsonl");
    assertThat(run.exit).as(run.said).isZero();
    String work = "| produce 1024 B, defaults, 1 partition(s), acks=all ";
    assertThat(run.said.lines())
        .contains(
            work + "| Kafka 4.3.1 | 1 | 70.0 | 4.50 | 68.4 | 16.4 | 8.20 | 1000 | 0.10 |",
            work
                + "| **Millrace** | 2 | 315 [280..350] |  | 308 [273..342] | 3.50 [3.00..4.00]"
                + " | 1.50 [1.00..2.00] | 210 [200..220] | 0.10 |",
            "| clean-empty | Kafka 4.3.1 | 1 | 3400 | 0.25 | 2900 | 5.00 | 500 | 400 |");
  }

  @Test
  void runsEachSuiteOfTheHarnessWithTheAdapterAndTellsWhichFailed() throws Exception {
    Files.writeString(
        folder.resolve("bench.py"),
        """
        import os, sys
        print(os.path.basename(os.environ["BENCH_OURS"]), *sys.argv[1:], flush=True)
        open(sys.argv[sys.argv.index("--out") + 1], "a").close()
        sys.exit(1 if sys.argv[1] == "latency" else 0)
        """);
    Path results = folder.resolve("results.jsonl");
    Run run = run("./compare", folder.toString(), "--quick", "--out", results.toString());
    assertThat(run.exit).isEqualTo(1);
    assertThat(run.said)
        .contains(
            "ours throughput --peers kafka3,kafka4,ours --out " + results,
            "ours startup --peers kafka3,kafka4,ours --out " + results,
            "compare: failed: latency;");
  }

  @Test
  void saysWhereItLookedForAHarness() throws Exception {
    Run run = run("./compare", folder.toString());
    assertThat(run.exit).isEqualTo(1);
    assertThat(run.said).contains("no bench.py in " + folder);
  }

  @Test
  void theAdapterTellsItsVerbs() throws Exception {
    Run run = run("./ours");
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.said).contains("prepare DIR", "create-topic", "pingpong", "probe");
  }

  private record Run(int exit, String said) {}

  private static Run run(String... command) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("BENCH_"));
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Run(process.waitFor(), said);
  }
}
