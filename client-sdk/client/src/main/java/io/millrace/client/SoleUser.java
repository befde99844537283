package io.millrace.client;

import java.util.ConcurrentModificationException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Detects that two threads use at once what belongs to one. */
final class SoleUser {
  private final AtomicReference<@Nullable Thread> inside = new AtomicReference<>();

  /** Ends with {@code close}. */
  final class Turn implements AutoCloseable {
    private final boolean outermost;

    private Turn(boolean outermost) {
      this.outermost = outermost;
    }

    @Override
    public void close() {
      if (outermost) {
        inside.set(null);
      }
    }
  }

  /**
   * Begins a call; calls of one thread may nest.
   *
   * @throws ConcurrentModificationException another thread is inside one
   */
  Turn enter() {
    Thread current = Thread.currentThread();
    if (inside.get() == current) {
      return new Turn(false);
    }
    Thread other = inside.compareAndExchange(null, current);
    if (other != null) {
      throw new ConcurrentModificationException(
          "a consumer belongs to one thread: "
              + current.getName()
              + " called it while "
              + other.getName()
              + " was inside a call");
    }
    return new Turn(true);
  }
}
