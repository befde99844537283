package io.millrace.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds a command until an interrupt, and the end of the process until the command has cleaned up:
 * {@code try (var run = …) { start(); run.await(); stop(); }}.
 */
public final class RunUntilInterrupted implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RunUntilInterrupted.class);

  private final CountDownLatch interrupted = new CountDownLatch(1);
  private final CountDownLatch cleanedUp = new CountDownLatch(1);

  /**
   * @param wake what besides {@link #await} the command may be waiting in; called once, on the
   *     interrupt's thread
   * @param graceSeconds the longest that cleaning up may take
   */
  public RunUntilInterrupted(Interrupts interrupts, Runnable wake, long graceSeconds) {
    interrupts.onInterrupt(
        () -> {
          interrupted.countDown();
          wake.run();
          awaitCleanUp(graceSeconds);
        });
  }

  private void awaitCleanUp(long graceSeconds) {
    try {
      boolean inTime = cleanedUp.await(graceSeconds, TimeUnit.SECONDS);
      if (!inTime) {
        LOG.warn("did not stop cleanly within {} s; ending anyway", graceSeconds);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** On the command's thread. */
  public void await() throws InterruptedException {
    interrupted.await();
  }

  public boolean isInterrupted() {
    return interrupted.getCount() == 0;
  }

  /** The command has cleaned up, and its process may end. */
  @Override
  public void close() {
    cleanedUp.countDown();
  }
}
