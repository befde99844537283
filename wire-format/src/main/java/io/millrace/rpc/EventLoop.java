package io.millrace.rpc;

import java.util.concurrent.Executor;

/**
 * One thread that runs tasks one after another; the owner of whatever is pinned to it.
 *
 * <p>A loop that carries links runs the tasks submitted while it reads after it has read whatever
 * its links had ready: a task submitted from a link's callback therefore sees everything this turn
 * brought in.
 */
public interface EventLoop extends Executor {
  /**
   * From any thread, in order of submission. A task that throws is logged and harms nothing. Once
   * the loop has ended, tasks and timers are dropped.
   */
  @Override
  void execute(Runnable task);

  /** From any thread; the task runs on this loop, not before the delay has passed. */
  Timer schedule(long delayNanos, Runnable task);

  boolean inLoop();

  Clock clock();

  /** As in the thread's name: {@code loop-0}, {@code flush}. */
  String name();

  /** Guards the entrances of what this loop owns. */
  default void assertInLoop() {
    if (!inLoop()) {
      throw new IllegalStateException(
          "called on " + Thread.currentThread().getName() + ", owned by " + name());
    }
  }
}
