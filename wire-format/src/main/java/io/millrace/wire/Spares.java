package io.millrace.wire;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Contexts of a codec that wait for the next batch: to make one costs more than to compress a small
 * batch. A thread mostly gets back the one it used last; threads that meet make their own. Used by
 * several threads at once.
 */
final class Spares<C> {
  /** A power of two; more threads than that share the places. */
  private static final int PLACES = 8;

  private final AtomicReferenceArray<@Nullable C> places = new AtomicReferenceArray<>(PLACES);
  private final Supplier<C> maker;
  private final Consumer<C> ending;

  /**
   * @param ending frees what a context holds outside the heap
   */
  Spares(Supplier<C> maker, Consumer<C> ending) {
    this.maker = maker;
    this.ending = ending;
  }

  C take() {
    C spare = places.getAndSet(place(), null);
    return spare == null ? maker.get() : spare;
  }

  /** After use, once; it must be as good as new, or be made so by its next use. */
  void giveBack(C context) {
    if (!places.compareAndSet(place(), null, context)) {
      ending.accept(context);
    }
  }

  /** For one that is of no use any more. */
  void drop(C context) {
    ending.accept(context);
  }

  private static int place() {
    return (int) Thread.currentThread().getId() & (PLACES - 1);
  }
}
