package io.millrace.dist;

import io.millrace.cli.Interrupts;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C and SIGTERM as {@link Interrupts}: the JVM answers both by running its shutdown hooks and
 * then ends, with 130 or 143 for an exit code. The hook holds that end back until a command that
 * asked to be told has stopped cleanly, but not for ever.
 */
final class StopSignal implements Interrupts {
  /** A broker with much to flush may need some of it; a supervisor loses patience later. */
  private static final long GRACE_SECONDS = 60;

  private final CountDownLatch finished = new CountDownLatch(1);

  /** Guarded by this, as is {@link #interrupted}. */
  private final List<Runnable> actions = new ArrayList<>();

  private boolean interrupted;

  private StopSignal() {}

  static StopSignal install() {
    StopSignal signal = new StopSignal();
    Runtime.getRuntime().addShutdownHook(new Thread(signal::arrived, "stop-signal"));
    return signal;
  }

  /** The command has ended by itself or because of the signal: the JVM may end. */
  void finished() {
    finished.countDown();
  }

  /** On the hook's thread, at a signal and at a normal exit, when {@link #finished} was before. */
  private void arrived() {
    if (finished.getCount() == 0) {
      return;
    }
    List<Runnable> toRun;
    synchronized (this) {
      interrupted = true;
      toRun = List.copyOf(actions);
    }
    if (toRun.isEmpty()) {
      return;
    }
    toRun.forEach(Runnable::run);
    try {
      boolean inTime = finished.await(GRACE_SECONDS, TimeUnit.SECONDS);
      if (!inTime) {
        System.err.println("millrace: did not stop within " + GRACE_SECONDS + " s; ending anyway");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
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
