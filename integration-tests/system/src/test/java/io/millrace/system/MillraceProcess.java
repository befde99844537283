package io.millrace.system;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/**
 * One {@code millrace} command as a process of its own, started from the packaged distribution the
 * way a user would, its two outputs in files beside each other.
 */
final class MillraceProcess implements AutoCloseable {
  /** Far above what anything here takes: a machine may be busy, a hang must still end. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  /**
   * None lives long enough for the JVM's best compiler to pay, which takes half of the processor
   * time of a start. The archive's own tests run with what a user gets.
   */
  private static final String SHORT_LIFE = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

  /**
   * Gives the processes a SIGINT as on a terminal, where {@code env} can: a build that was started
   * in the background ignores it, and what a shell ignores its children do too.
   */
  private static final List<String> UNTOUCHED_SIGNALS = untouchedSignals();

  private final Process process;
  private final Path out;
  private final Path err;

  private MillraceProcess(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /** Starts {@code bin/millrace} with the arguments; outputs go to files in {@code dir}. */
  static MillraceProcess start(Path dir, String... arguments) {
    return startUnder(List.of(), dir, arguments);
  }

  /** Likewise, behind the words of another command, which runs it. */
  static MillraceProcess startUnder(List<String> runner, Path dir, String... arguments) {
    List<String> command = new ArrayList<>(UNTOUCHED_SIGNALS);
    command.addAll(runner);
    command.add(launcher().toString());
    command.addAll(List.of(arguments));
    try {
      Files.createDirectories(dir);
      Path out = Files.createTempFile(dir, arguments[0] + "-", ".out");
      Path err = Path.of(out.toString().replaceAll("\\.out$", ".err"));
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(dir.toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile());
      builder.environment().remove("MILLRACE_CLUSTER");
      Path temporary = Files.createDirectories(temporary(dir));
      builder.environment().put("JAVA_OPTS", SHORT_LIFE + " -Djava.io.tmpdir=" + temporary);
      return new MillraceProcess(builder.start(), out, err);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> untouchedSignals() {
    List<String> prefix = List.of("env", "--default-signal=INT,TERM");
    List<String> trial = new ArrayList<>(prefix);
    trial.add("true");
    try {
      boolean works =
          new ProcessBuilder(trial).redirectError(ProcessBuilder.Redirect.DISCARD).start().waitFor()
              == 0;
      return works ? prefix : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Where the processes started in {@code dir} put what nobody needs after them. */
  static Path temporary(Path dir) {
    return dir.resolve("tmp");
  }

  /** Runs a command to its end. */
  static MillraceProcess run(Path dir, String... arguments) {
    MillraceProcess process = start(dir, arguments);
    process.endInput();
    process.awaitExit();
    return process;
  }

  /** Where the module {@code broker/dist} has laid out the distribution. */
  static Path distribution() {
    return Path.of(System.getProperty("millrace.distribution")).toAbsolutePath().normalize();
  }

  private static Path launcher() {
    return distribution().resolve("bin/millrace");
  }

  /** Waits for a line of standard output that has a match, and gives the match. */
  MatchResult awaitLine(String regex) {
    return await(out, regex);
  }

  /** Likewise of standard error, where servers log to. */
  MatchResult awaitErrorLine(String regex) {
    return await(err, regex);
  }

  private MatchResult await(Path file, String regex) {
    Pattern pattern = Pattern.compile(regex);
    Matcher[] found = new Matcher[1];
    Awaitility.await("a line like " + regex)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> {
              boolean hadEnded = !process.isAlive();
              for (String line : read(file).split("\n", -1)) {
                Matcher matcher = pattern.matcher(line);
                if (matcher.find()) {
                  found[0] = matcher;
                  return true;
                }
              }
              if (hadEnded) {
                throw new AssertionError("ended with " + process.exitValue() + "\n" + describe());
              }
              return false;
            });
    return found[0].toMatchResult();
  }

  /** Waits until there are so many whole lines of standard output. */
  void awaitLines(int count) {
    Awaitility.await(count + " lines of output")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> {
              boolean hadEnded = !process.isAlive();
              if (read(out).chars().filter(c -> c == '\n').count() >= count) {
                return true;
              }
              if (hadEnded) {
                throw new AssertionError("ended with " + process.exitValue() + "\n" + describe());
              }
              return false;
            });
  }

  int awaitExit() {
    try {
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("still running after " + PATIENCE + "\n" + describe());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
    return process.exitValue();
  }

  /** Its standard input. */
  OutputStream input() {
    return process.getOutputStream();
  }

  /** Closes its standard input, as Ctrl-D does. */
  void endInput() {
    try {
      input().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  long pid() {
    return process.pid();
  }

  /** {@code kill -9}. */
  void kill() {
    process.destroyForcibly();
    awaitExit();
  }

  /** SIGTERM, and the exit code it leads to. */
  int stop() {
    process.destroy();
    return awaitExit();
  }

  /** SIGINT, as from Ctrl-C, and the exit code it leads to. */
  int interrupt() {
    signal("INT");
    return awaitExit();
  }

  /** Whatever the process has started that still runs. */
  List<ProcessHandle> children() {
    return process.descendants().toList();
  }

  /** SIGSTOP, SIGCONT, SIGINT: what the JDK has no call for. */
  void signal(String name) {
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  Path outFile() {
    return out;
  }

  String out() {
    return read(out);
  }

  String err() {
    return read(err);
  }

  String describe() {
    return "--- standard output\n" + tail(out) + "\n--- standard error\n" + tail(err);
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      kill();
    }
  }

  private static String read(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String tail(Path file) {
    try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
      List<String> lines = reader.lines().toList();
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
