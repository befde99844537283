package io.millrace.client.consumer;

import java.util.ConcurrentModificationException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Tells when two threads use what belongs to one at a time. */
final class SingleThread {
  private final AtomicReference<@Nullable Thread> inside = new AtomicReference<>();

  /** Of the thread inside: a call may be made from within another. */
  private int depth;

  void enter() {
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

  void exit() {
    depth--;
    if (depth == 0) {
      inside.set(null);
    }
  }
}
