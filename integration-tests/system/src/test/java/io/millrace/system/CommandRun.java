package io.millrace.system;

import io.millrace.cli.ClientFactory;
import io.millrace.cli.Interrupts;
import io.millrace.cli.MillraceCommand;
import io.millrace.cli.Output;
import io.millrace.cli.Surroundings;
import io.millrace.cli.Surroundings.Terminals;
import io.millrace.rpc.SystemTasks;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * One client command, from its arguments to its exit code, in the JVM of the tests: what is asked
 * of processes beside the matter of a test needs no process of its own.
 */
record CommandRun(int exit, String out, String err) {
  /** Runs a command to its end, with nothing on standard input. */
  static CommandRun of(String... words) {
    return with("", words);
  }

  /** Runs a command to its end, with this on standard input. */
  static CommandRun with(String input, String... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Surroundings surroundings =
        new Surroundings(
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            new Output(out),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            Map.of(),
            Terminals.NONE,
            new SystemTasks(),
            new Uninterrupted(),
            ClientFactory.ofCluster());
    int exit = new MillraceCommand(surroundings, List.of()).run(words);
    return new CommandRun(
        exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  String describe() {
    return "ended with " + exit + "\n--- standard output\n" + out + "\n--- standard error\n" + err;
  }

  /** Nobody presses Ctrl-C. */
  private static final class Uninterrupted implements Interrupts {
    @Override
    public void onInterrupt(Runnable action) {}

    @Override
    public boolean interrupted() {
      return false;
    }
  }
}
