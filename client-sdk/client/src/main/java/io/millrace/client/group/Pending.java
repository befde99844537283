package io.millrace.client.group;

import io.millrace.client.cluster.Done;
import io.millrace.client.consumer.PollWait;
import io.millrace.client.errors.InterruptException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.rpc.Clock;
import org.jspecify.annotations.Nullable;

/** What the polling thread has asked of the loop and waits for. */
final class Pending<T> implements Done<T> {
  private final PollWait wait;
  private @Nullable T result;
  private @Nullable MillraceException error;

  /** Written last: whoever sees it sees the rest. */
  private volatile boolean done;

  Pending(PollWait wait) {
    this.wait = wait;
  }

  /** On the loop. */
  @Override
  public void done(@Nullable T outcome, @Nullable MillraceException why) {
    result = outcome;
    error = why;
    done = true;
    wait.wake();
  }

  /** Waits; on the polling thread. A wakeup of the consumer is kept for its next poll. */
  T await(Clock clock, long timeoutNanos, String what) {
    long startNanos = clock.nanoTime();
    while (!done) {
      long leftNanos = timeoutNanos - (clock.nanoTime() - startNanos);
      if (leftNanos <= 0) {
        throw new TimedOutException(what + " took too long");
      }
      try {
        wait.await(leftNanos);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptException("interrupted while waiting for " + what, e);
      }
    }
    if (error != null) {
      throw error;
    }
    if (result == null) {
      throw new IllegalStateException(what + " ended without a result");
    }
    return result;
  }
}
