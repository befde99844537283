package io.millrace.simulator;

import io.millrace.rpc.Clock;
import io.millrace.rpc.Tasks;
import io.millrace.rpc.Timer;
import java.util.random.RandomGenerator;

/** As the tasks behind it, but that the flush worker takes its time, as a real disk does. */
final class SlowDiskTasks implements Tasks {
  private static final long MAX_FORCE_NANOS = 4_000_000;

  private final Tasks behind;

  SlowDiskTasks(Tasks behind) {
    this.behind = behind;
  }

  @Override
  public Clock clock() {
    return behind.clock();
  }

  @Override
  public RandomGenerator random() {
    return behind.random();
  }

  @Override
  public Worker worker(String name) {
    Worker worker = behind.worker(name);
    return name.equals("flush") ? new SlowWorker(worker, behind.random()) : worker;
  }

  private static final class SlowWorker implements Worker {
    private final Worker worker;
    private final RandomGenerator random;
    private long lastDueNanos;

    SlowWorker(Worker worker, RandomGenerator random) {
      this.worker = worker;
      this.random = random;
      this.lastDueNanos = worker.clock().nanoTime();
    }

    @Override
    public void execute(Runnable task) {
      long now = worker.clock().nanoTime();
      long due = now + random.nextLong(MAX_FORCE_NANOS);
      // In order, whatever was drawn.
      lastDueNanos = Math.max(due - now, lastDueNanos + 1 - now) + now;
      worker.schedule(lastDueNanos - now, task);
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
      return worker.schedule(delayNanos, task);
    }

    @Override
    public boolean inLoop() {
      return worker.inLoop();
    }

    @Override
    public Clock clock() {
      return worker.clock();
    }

    @Override
    public String name() {
      return worker.name();
    }

    @Override
    public void stop() {
      worker.stop();
    }

    @Override
    public boolean awaitStopped(long timeoutNanos) throws InterruptedException {
      return worker.awaitStopped(timeoutNanos);
    }
  }
}
