package io.millrace.rpc;

import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import org.jspecify.annotations.Nullable;

/** A loop or worker of a {@link SimulatedTasks}. */
final class SimulatedLoop implements Tasks.Worker {
  private final SimulatedScheduler scheduler;
  private final SimulatedTasks node;
  private final String name;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();

  /** What links have ready, in the order it came; each link at most once. */
  private final LinkedHashSet<Runnable> reads = new LinkedHashSet<>();

  private boolean stopping;
  private boolean stopped;

  /** Among the scheduler's ready ones, or -1. */
  private int place = -1;

  /** The loop whose task is running, if any; there is one thread for all. */
  private static final ThreadLocal<@Nullable SimulatedLoop> CURRENT = new ThreadLocal<>();

  SimulatedLoop(SimulatedScheduler scheduler, SimulatedTasks node, String name) {
    this.scheduler = scheduler;
    this.node = node;
    this.name = name;
  }

  private boolean isReady() {
    return !node.isPaused() && (!tasks.isEmpty() || !reads.isEmpty() || stopping);
  }

  /** After everything that may have changed whether this could take a step. */
  void tellIfReady() {
    place = scheduler.setReady(this, place, isReady());
  }

  /** By the scheduler, which has moved it. */
  void stands(int now) {
    place = now;
  }

  /** One task; or, when there is none, all that is to be read, as a real loop does in a turn. */
  void runSome() {
    SimulatedLoop before = CURRENT.get();
    CURRENT.set(this);
    try {
      Runnable task = tasks.poll();
      if (task != null) {
        scheduler.run(task);
      } else if (!reads.isEmpty()) {
        Runnable[] turn = reads.toArray(Runnable[]::new);
        reads.clear();
        for (Runnable read : turn) {
          scheduler.run(read);
        }
      } else if (stopping) {
        end();
      }
    } finally {
      CURRENT.set(before);
      tellIfReady();
    }
  }

  /** A look from outside at what this loop owns, between two of its tasks. */
  void runAs(Runnable look) {
    SimulatedLoop before = CURRENT.get();
    CURRENT.set(this);
    try {
      look.run();
    } finally {
      CURRENT.set(before);
    }
  }

  SimulatedTasks node() {
    return node;
  }

  /** By a link of this loop: it has something to deliver. */
  void readLater(Runnable read) {
    if (!stopped) {
      reads.add(read);
      tellIfReady();
    }
  }

  void noteThrown(Throwable e) {
    scheduler.noteThrown(e);
  }

  @Override
  public void execute(Runnable task) {
    if (!stopping && !stopped) {
      tasks.add(task);
      tellIfReady();
    }
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    if (stopping || stopped) {
      return () -> {};
    }
    SimulatedTimer timer = new SimulatedTimer(task);
    Timer event =
        scheduler.at(scheduler.nanoTime() + Math.max(0, delayNanos), node, () -> due(timer));
    return () -> {
      timer.cancelled = true;
      event.cancel();
    };
  }

  private void due(SimulatedTimer timer) {
    if (!stopping && !stopped) {
      tasks.add(timer);
      tellIfReady();
    }
  }

  private static final class SimulatedTimer implements Runnable {
    private final Runnable task;
    private boolean cancelled;

    SimulatedTimer(Runnable task) {
      this.task = task;
    }

    @Override
    public void run() {
      if (!cancelled) {
        task.run();
      }
    }
  }

  @Override
  public boolean inLoop() {
    return CURRENT.get() == this;
  }

  @Override
  public Clock clock() {
    return node.clock();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void stop() {
    stopping = !stopped;
    tellIfReady();
  }

  /** Runs all there is, but for timers; not from one of its own tasks. */
  void drain() {
    while (!tasks.isEmpty() || !reads.isEmpty()) {
      runSome();
    }
  }

  /** Runs what this worker still has to do: the one thread there is cannot wait for itself. */
  @Override
  public boolean awaitStopped(long timeoutNanos) {
    while (stopping && !stopped && !inLoop() && !node.isPaused()) {
      runSome();
    }
    return stopped;
  }

  /** At once, in the middle of everything. */
  void kill() {
    end();
  }

  private void end() {
    stopping = false;
    stopped = true;
    tasks.clear();
    reads.clear();
    tellIfReady();
  }
}
