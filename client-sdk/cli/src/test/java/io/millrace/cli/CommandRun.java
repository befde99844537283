package io.millrace.cli;

import io.millrace.cli.Surroundings.Terminals;
import io.millrace.rpc.Clock;
import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.Tasks;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** One call of the command line, with everything it touches in memory. */
final class CommandRun {
  final PretendCluster cluster;
  final ByteArrayOutputStream out = new ByteArrayOutputStream();
  final ByteArrayOutputStream err = new ByteArrayOutputStream();
  final Map<String, String> environment = new HashMap<>();
  final Interruptible interrupts = new Interruptible();
  InputStream input = new ByteArrayInputStream(new byte[0]);
  OutputStream output = out;
  Terminals terminals = Terminals.NONE;
  List<CommandEntry> more = List.of();

  /** How much time passes at each look at the clock. */
  long nanosPerLook = 1_000_000;

  CommandRun(PretendCluster cluster) {
    this.cluster = cluster;
  }

  static CommandRun on(PretendCluster cluster) {
    return new CommandRun(cluster);
  }

  CommandRun input(byte[] bytes) {
    input = new ByteArrayInputStream(bytes);
    return this;
  }

  CommandRun input(String text) {
    return input(text.getBytes(StandardCharsets.UTF_8));
  }

  CommandRun atTerminal() {
    terminals = new Terminals(true, true, true);
    return this;
  }

  int exec(String... args) {
    return command().run(args);
  }

  MillraceCommand command() {
    return new MillraceCommand(surroundings(), more);
  }

  Surroundings surroundings() {
    return surroundings(line -> {});
  }

  /**
   * @param onError hears of each line on the error stream, after it is there
   */
  Surroundings surroundings(Consumer<String> onError) {
    PrintStream error =
        new PrintStream(err, true, StandardCharsets.UTF_8) {
          @Override
          public void println(String line) {
            super.println(line);
            onError.accept(line);
          }
        };
    return new Surroundings(
        input,
        new Output(output),
        error,
        environment,
        terminals,
        new TestTasks(),
        interrupts,
        cluster);
  }

  String stdout() {
    return out.toString(StandardCharsets.UTF_8);
  }

  String stderr() {
    return err.toString(StandardCharsets.UTF_8);
  }

  /** Ctrl-C when the test says so. */
  static final class Interruptible implements Interrupts {
    private final List<Runnable> actions = new ArrayList<>();
    private boolean interrupted;

    /** As the JVM's hook does: returns when the process would end. */
    void interrupt() {
      List<Runnable> toRun;
      synchronized (this) {
        interrupted = true;
        toRun = List.copyOf(actions);
      }
      toRun.forEach(Runnable::run);
    }

    @Override
    public synchronized void onInterrupt(Runnable action) {
      actions.add(action);
    }

    @Override
    public synchronized boolean interrupted() {
      return interrupted;
    }
  }

  /** Real threads, and a clock that is moved by looking at it. */
  private final class TestTasks implements Tasks, Clock {
    private final Tasks real = new SystemTasks();
    private final AtomicLong nanos = new AtomicLong();

    @Override
    public Clock clock() {
      return this;
    }

    @Override
    public RandomGenerator random() {
      return real.random();
    }

    @Override
    public Worker worker(String name) {
      return real.worker(name);
    }

    @Override
    public long nanoTime() {
      return nanos.addAndGet(nanosPerLook);
    }

    @Override
    public long wallMillis() {
      return 10_000;
    }
  }
}
