package io.millrace.rpc;

import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * As the tasks behind it, but that the worker called {@code flush} takes its time, as a real disk
 * does.
 */
public final class SlowDiskTasks implements Tasks {
  private final Tasks behind;
  private final LongSupplier maxForceNanos;

  /**
   * @param maxForceNanos asked anew for each force
   */
  public SlowDiskTasks(Tasks behind, LongSupplier maxForceNanos) {
    this.behind = behind;
    this.maxForceNanos = maxForceNanos;
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
    return name.equals("flush") ? new SlowWorker(worker, behind.random(), maxForceNanos) : worker;
  }

  private static final class SlowWorker implements Worker {
    private final Worker worker;
    private final RandomGenerator random;
    private final LongSupplier maxForceNanos;
    private long lastDueNanos;

    SlowWorker(Worker worker, RandomGenerator random, LongSupplier maxForceNanos) {
      this.worker = worker;
      this.random = random;
      this.maxForceNanos = maxForceNanos;
      this.lastDueNanos = worker.clock().nanoTime();
    }

    @Override
    public void execute(Runnable task) {
      long now = worker.clock().nanoTime();
      long due = now + random.nextLong(maxForceNanos.getAsLong());
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
