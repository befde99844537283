package io.millrace.server.handler;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts the parts of an answer together that several loops work on: each fills its own slots, and
 * whoever fills the last one goes on with all of them. Any thread; no locks.
 */
final class Gather<R> {
  private final AtomicReferenceArray<R> slots;
  private final AtomicInteger empty;
  private final Consumer<List<R>> whenFull;

  /**
   * @param count at least 1
   * @param whenFull runs once, on the thread that fills the last slot
   */
  Gather(int count, Consumer<List<R>> whenFull) {
    this.slots = new AtomicReferenceArray<>(count);
    this.empty = new AtomicInteger(count);
    this.whenFull = whenFull;
  }

  /** What that slot has by now; null: not yet filled. */
  @Nullable R get(int index) {
    return slots.get(index);
  }

  /** Once for each index. */
  void fill(int index, R part) {
    if (!slots.compareAndSet(index, null, part)) {
      throw new IllegalStateException("part " + index + " of an answer was given twice");
    }
    if (empty.decrementAndGet() == 0) {
      List<R> all = new ArrayList<>(slots.length());
      for (int i = 0; i < slots.length(); i++) {
        all.add(slots.get(i));
      }
      whenFull.accept(all);
    }
  }
}
