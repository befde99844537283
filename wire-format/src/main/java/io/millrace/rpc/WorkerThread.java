package io.millrace.rpc;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread with a queue and timers.
 *
 * <p>A daemon thread: a program that forgot to close its client still ends when its own threads do.
 * Whoever must not lose work stops the worker and waits for it.
 */
final class WorkerThread implements Tasks.Worker {
  private static final Logger log = LoggerFactory.getLogger(WorkerThread.class);

  private final String name;
  private final ScheduledThreadPoolExecutor executor;
  private volatile @Nullable Thread thread;

  WorkerThread(String name) {
    this.name = name;
    executor = new ScheduledThreadPoolExecutor(1, this::newThread);
    executor.setRemoveOnCancelPolicy(true);
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    executor.setRejectedExecutionHandler(WorkerThread::dropAfterStop);
    // Now, so that a machine out of threads says so here and not at the first task.
    executor.prestartCoreThread();
  }

  private Thread newThread(Runnable work) {
    Thread created = new Thread(work, name);
    created.setDaemon(true);
    thread = created;
    return created;
  }

  private static void dropAfterStop(Runnable task, ThreadPoolExecutor executor) {
    log.debug("dropped a task that came after stop");
  }

  @Override
  public void execute(Runnable task) {
    executor.execute(logging(task));
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    ScheduledFuture<?> scheduled = executor.schedule(logging(task), delayNanos, NANOSECONDS);
    return () -> scheduled.cancel(false);
  }

  /** The executor would keep what is thrown to itself, in a future that nobody reads. */
  private Runnable logging(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (Throwable e) {
        log.error("a task on {} threw", name, e);
      }
    };
  }

  @Override
  public boolean inLoop() {
    return Thread.currentThread() == thread;
  }

  @Override
  public Clock clock() {
    return SystemTasks.SYSTEM_CLOCK;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void stop() {
    executor.shutdown();
  }

  @Override
  public boolean awaitStopped(long timeoutNanos) throws InterruptedException {
    return executor.awaitTermination(timeoutNanos, NANOSECONDS);
  }
}
