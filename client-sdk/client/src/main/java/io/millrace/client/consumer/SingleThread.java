package io.millrace.client.consumer;

import java.util.ConcurrentModificationException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Tells when two threads use what belongs to one at a time. */
public final class SingleThread {
  private final AtomicReference<@Nullable Thread> inside = new AtomicReference<>();

  /** Of the thread inside: a call may be made from within another. */
  private int depth;

  /** Refused while another thread is inside. */
  public void enter() {
    Thread caller = Thread.currentThread();
    Thread other = inside.get();
    if (other != caller && !inside.compareAndSet(null, caller)) {
      other = inside.get();
      throw new ConcurrentModificationException(
          "a consumer belongs to one thread at a time: "
              + caller.getName()
              + " called it while "
              + (other == null ? "another thread" : other.getName())
              + " was inside; only wakeup() may come from another thread");
    }
    depth++;
  }

  /** Once for each {@link #enter}. */
  public void exit() {
    depth--;
    if (depth == 0) {
      inside.set(null);
    }
  }
}
