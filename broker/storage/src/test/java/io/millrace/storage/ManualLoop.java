package io.millrace.storage;

import io.millrace.rpc.Clock;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Timer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;

/**
 * A loop without a thread: whoever calls {@link #runAll} is its thread for so long, and time passes
 * when told. One test thread only.
 */
public final class ManualLoop implements EventLoop {
  private final String name;
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final List<Scheduled> timers = new ArrayList<>();
  private long nanos;
  private boolean inside;

  public ManualLoop(String name) {
    this.name = name;
  }

  private static final class Scheduled implements Timer {
    private final long dueNanos;
    private final Runnable task;
    private boolean cancelled;

    Scheduled(long dueNanos, Runnable task) {
      this.dueNanos = dueNanos;
      this.task = task;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    Scheduled scheduled = new Scheduled(nanos + delayNanos, task);
    timers.add(scheduled);
    return scheduled;
  }

  @Override
  public boolean inLoop() {
    return inside;
  }

  @Override
  public Clock clock() {
    return new Clock() {
      @Override
      public long nanoTime() {
        return nanos;
      }

      @Override
      public long wallMillis() {
        return 1_700_000_000_000L + nanos / 1_000_000;
      }
    };
  }

  @Override
  public String name() {
    return name;
  }

  /** Runs one task; false when there is none. */
  public boolean runOne() {
    Runnable task = tasks.poll();
    if (task == null) {
      return false;
    }
    inside = true;
    try {
      task.run();
    } finally {
      inside = false;
    }
    return true;
  }

  public void runAll() {
    while (runOne()) {
      // until nothing is left
    }
  }

  public boolean hasTasks() {
    return !tasks.isEmpty();
  }

  /** Lets time pass; timers that come due become tasks. */
  public void advanceMillis(long millis) {
    nanos += millis * 1_000_000;
    List<Scheduled> due = new ArrayList<>(timers);
    due.removeIf(timer -> timer.dueNanos > nanos);
    due.sort(Comparator.comparingLong(timer -> timer.dueNanos));
    timers.removeAll(due);
    for (Scheduled timer : due) {
      tasks.add(
          () -> {
            if (!timer.cancelled) {
              timer.task.run();
            }
          });
    }
  }

  /** Timers that have neither fired nor been cancelled. */
  public long pendingTimers() {
    return timers.stream().filter(timer -> !timer.cancelled).count();
  }
}
