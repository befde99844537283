package io.millrace.client.consumer;

import io.millrace.client.cluster.Done;
import io.millrace.client.errors.MillraceException;
import org.jspecify.annotations.Nullable;

/** What the polling thread has asked of the loop and waits for. */
final class PendingCall<T> implements Done<T> {
  private final PollWait wait;
  private @Nullable T result;
  private @Nullable MillraceException error;

  /** Written last: whoever sees it sees the rest. */
  private volatile boolean done;

  PendingCall(PollWait wait) {
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

  boolean isDone() {
    return done;
  }

  /** After {@link #isDone}. */
  T get() {
    if (error != null) {
      throw error;
    }
    if (result == null) {
      throw new IllegalStateException("the call has not ended");
    }
    return result;
  }
}
