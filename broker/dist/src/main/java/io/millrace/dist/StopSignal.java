package io.millrace.dist;

import io.millrace.cli.Interrupts;
import java.util.ArrayList;
import java.util.List;

/**
 * Ctrl-C and SIGTERM as {@link Interrupts}: the JVM answers both by running its shutdown hooks,
 * then ends with 130 or 143 for an exit code. The hook here lets the command's actions run first.
 */
final class StopSignal implements Interrupts {
  // All guarded by this.
  private final List<Runnable> actions = new ArrayList<>();

  private boolean interrupted;
  private boolean finished;

  private StopSignal() {}

  static StopSignal install() {
    StopSignal signal = new StopSignal();
    Runtime.getRuntime().addShutdownHook(new Thread(signal::arrived, "stop-signal"));
    return signal;
  }

  /** The command has ended: what comes now is the JVM's normal end. */
  synchronized void finished() {
    finished = true;
  }

  /** On the hook's thread, at a signal and at a normal end. */
  private void arrived() {
    List<Runnable> toRun;
    synchronized (this) {
      if (finished) {
        return;
      }
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
}
