package io.millrace.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Prometheus's own checker, where it is installed. */
public final class Promtool {
  private Promtool() {}

  /** Skips the test, and says so, where there is none. */
  public static void assumeInstalled() {
    boolean there =
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "promtool")));
    assumeTrue(
        there,
        "NOT CHECKED: promtool is not on the PATH (Debian: apt-get install prometheus); skipped");
  }

  /** Fails unless it finds nothing at all to say against it. */
  public static void check(byte[] input, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("promtool"));
    command.addAll(List.of(arguments));
    Path standardInput = Files.createTempFile("promtool", ".txt");
    try {
      Files.write(standardInput, input);
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(standardInput.toFile())
              .start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).describedAs("promtool says: %s", said).isZero();
    } finally {
      Files.delete(standardInput);
    }
  }
}
