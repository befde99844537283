package io.millrace.dist;

import io.millrace.cli.ClientFactory;
import io.millrace.cli.Interrupts;
import io.millrace.cli.MillraceCommand;
import io.millrace.cli.Output;
import io.millrace.cli.Surroundings;
import io.millrace.cli.Surroundings.Terminals;
import io.millrace.rpc.Tasks;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** One call of the command line within this process, whose output nobody sees. */
final class RehearsedCommand implements Interrupts {
  private final Tasks tasks;
  private final String input;
  private final Said said = new Said();
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

  // Guarded by this.
  private final List<Runnable> actions = new ArrayList<>();
  private boolean interrupted;

  /**
   * @param input what it finds on standard input
   */
  RehearsedCommand(Tasks tasks, String input) {
    this.tasks = tasks;
    this.input = input;
  }

  /** Runs it on the calling thread; returns the exit code. */
  int run(String... words) {
    Surroundings surroundings =
        new Surroundings(
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            new Output(said),
            new PrintStream(errors, true, StandardCharsets.UTF_8),
            Map.of(),
            Terminals.NONE,
            tasks,
            this,
            ClientFactory.ofCluster());
    try {
      return new MillraceCommand(surroundings, Main.commands(surroundings)).run(words);
    } finally {
      said.first.complete("");
    }
  }

  /**
   * From any thread: completes with what it has said when it said something first, which for a
   * server is its ready line; with nothing when it ended without a word.
   */
  CompletableFuture<String> firstWords() {
    return said.first;
  }

  /** What it wrote on standard output. */
  String output() {
    return said.toString(StandardCharsets.UTF_8);
  }

  /** What it wrote on standard error. */
  String complaints() {
    return errors.toString(StandardCharsets.UTF_8);
  }

  /** From any thread, as Ctrl-C does: returns when the command has ended. */
  void interrupt() {
    List<Runnable> toRun;
    synchronized (this) {
      interrupted = true;
      toRun = List.copyOf(actions);
    }
    toRun.forEach(Runnable::run);
  }

  @Override
  public void onInterrupt(Runnable action) {
    synchronized (this) {
      if (!interrupted) {
        actions.add(action);
        return;
      }
    }
    action.run();
  }

  @Override
  public synchronized boolean interrupted() {
    return interrupted;
  }

  private static final class Said extends ByteArrayOutputStream {
    private final CompletableFuture<String> first = new CompletableFuture<>();

    @Override
    public void flush() {
      first.complete(toString(StandardCharsets.UTF_8));
    }
  }
}
