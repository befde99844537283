package io.millrace.simulator;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The same seeds in a process of their own, the last one first. It iterates over what {@code
 * Set.of} and {@code Map.of} make in another order, and over whatever is hashed by identity, and
 * nothing is left over from the same seeds as here: what hangs on any of that is no function of the
 * seed.
 */
final class OtherProcess {
  private static final Pattern TRACE = Pattern.compile("seed (-?[0-9]+) has trace ([0-9a-f]{16})");

  private final Process process;

  private OtherProcess(Process process) {
    this.process = process;
  }

  static OtherProcess start(long firstSeed, long count, long step) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", // too few seeds for what the second compiler costs
                "-Xmx512m",
                "-Dlogback.configurationFile=logback-simulator.xml",
                "-cp",
                System.getProperty("java.class.path"),
                Simulate.class.getName(),
                "--seed",
                Long.toString(firstSeed + (count - 1) * step),
                "--seeds",
                Long.toString(count),
                "--step",
                Long.toString(-step),
                "--threads",
                "1",
                "--traces",
                "--keep-going")
            .redirectErrorStream(true)
            .start();
    return new OtherProcess(process);
  }

  /** By seed; once it has ended. */
  Map<Long, Long> traces() throws IOException, InterruptedException {
    Map<Long, Long> traces = new TreeMap<>();
    StringBuilder said = new StringBuilder();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Matcher matcher = TRACE.matcher(line);
        if (matcher.matches()) {
          traces.put(
              Long.parseLong(matcher.group(1)), Long.parseUnsignedLong(matcher.group(2), 16));
        } else {
          said.append(line).append('\n');
        }
      }
    }
    process.waitFor();
    if (traces.isEmpty()) {
      throw new IllegalStateException("the other process has run no seed: " + said);
    }
    return traces;
  }

  /** Nothing once it has ended. */
  void end() {
    process.destroyForcibly();
  }
}
