package io.millrace.rpc;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** The time, threads and randomness of one simulated process. */
public final class SimulatedTasks implements Tasks {
  /** 2026-11-01T00:00:00Z, when every simulation begins. */
  private static final long START_WALL_MILLIS = 1_793_491_200_000L;

  private final SimulatedScheduler scheduler;
  private final SplittableRandom random;
  private final List<SimulatedLoop> loops = new ArrayList<>();
  private final SimulatedClock clock;
  private boolean paused;

  public SimulatedTasks(SimulatedScheduler scheduler) {
    this.scheduler = scheduler;
    random = scheduler.random().split();
    // Anywhere, also just before the number wraps: only differences mean anything.
    long origin = random.nextBoolean() ? random.nextLong() : Long.MAX_VALUE - 1_000_000_000L;
    clock = new SimulatedClock(origin);
  }

  public SimulatedScheduler scheduler() {
    return scheduler;
  }

  @Override
  public Clock clock() {
    return clock;
  }

  @Override
  public RandomGenerator random() {
    return random;
  }

  @Override
  public Worker worker(String name) {
    return loop(name);
  }

  SimulatedLoop loop(String name) {
    SimulatedLoop loop = new SimulatedLoop(scheduler, this, name);
    loops.add(loop);
    return loop;
  }

  /** Looks from outside, between two tasks, at what one of these loops owns. */
  public static void lookAs(EventLoop loop, Runnable look) {
    ((SimulatedLoop) loop).runAs(look);
  }

  /** As an operator or a bad time server does; the monotonic clock does not notice. */
  public void shiftWallClock(long millis) {
    clock.wallOffsetMillis += millis;
  }

  /** Like a long garbage collection, or SIGSTOP: nothing runs, everything queues. */
  public void pause() {
    paused = true;
    loops.forEach(SimulatedLoop::tellIfReady);
  }

  public void resume() {
    paused = false;
    loops.forEach(SimulatedLoop::tellIfReady);
  }

  boolean isPaused() {
    return paused;
  }

  /** Like kill -9: no task runs any more. */
  public void kill() {
    loops.forEach(SimulatedLoop::kill);
    scheduler.forget(this);
  }

  private final class SimulatedClock implements Clock {
    private final long originNanos;
    private long wallOffsetMillis;

    SimulatedClock(long originNanos) {
      this.originNanos = originNanos;
    }

    @Override
    public long nanoTime() {
      return originNanos + scheduler.nanoTime();
    }

    @Override
    public long wallMillis() {
      return START_WALL_MILLIS + wallOffsetMillis + scheduler.nanoTime() / 1_000_000;
    }
  }
}
