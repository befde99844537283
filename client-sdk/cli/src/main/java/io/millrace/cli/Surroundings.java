package io.millrace.cli;

import io.millrace.rpc.Clock;
import io.millrace.rpc.Tasks;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.Map;

/**
 * All that a command may touch outside itself.
 *
 * @param input standard input, raw
 * @param output where results go
 * @param error for people: errors, questions, progress and summaries; flushes at each line
 * @param environment the process's environment variables
 * @param terminals which of the three are terminals
 * @param tasks for durations, rates, "15 minutes ago", and what a person is told meanwhile
 * @param interrupts Ctrl-C
 * @param clients what talks to the cluster
 */
public record Surroundings(
    InputStream input,
    Output output,
    PrintStream error,
    Map<String, String> environment,
    Terminals terminals,
    Tasks tasks,
    Interrupts interrupts,
    ClientFactory clients) {

  public Surroundings {
    environment = Map.copyOf(environment);
  }

  /** Which streams a person sits at. Progress and questions appear only there. */
  public record Terminals(boolean input, boolean output, boolean error) {
    public static final Terminals NONE = new Terminals(false, false, false);

    /**
     * From the launcher's {@code -Dmillrace.terminals}: the numbers of the descriptors that are
     * terminals, such as {@code 02}. The JVM itself cannot tell them apart.
     */
    public static Terminals parse(String numbers) {
      return new Terminals(
          numbers.indexOf('0') >= 0, numbers.indexOf('1') >= 0, numbers.indexOf('2') >= 0);
    }
  }

  public Clock clock() {
    return tasks.clock();
  }

  /** Colour is for terminals, and for people who did not decline it. */
  boolean coloursOutput() {
    return terminals.output()
        && environment.getOrDefault("NO_COLOR", "").isEmpty()
        && !environment.getOrDefault("TERM", "").equals("dumb");
  }
}
