package io.millrace.coordination.store;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * The same work for many things, so many at a time. Owner: the store's loop. Used once.
 *
 * <p>After the first that fails nothing more is begun; what has begun is waited for.
 */
public final class Pipelined<T> {
  private static final int WIDTH = 256;

  private final Deque<T> waiting;
  private final Function<T, CompletionStage<Boolean>> work;
  private final CompletableFuture<Boolean> result = new CompletableFuture<>();
  private int inFlight;
  private boolean hasFailed;

  private Pipelined(Collection<T> things, Function<T, CompletionStage<Boolean>> work) {
    this.waiting = new ArrayDeque<>(things);
    this.work = work;
  }

  /**
   * @return true when all were done; exceptionally when one ended so
   */
  public static <T> CompletionStage<Boolean> all(
      Collection<T> things, Function<T, CompletionStage<Boolean>> work) {
    Pipelined<T> pipelined = new Pipelined<>(things, work);
    pipelined.more();
    return pipelined.result;
  }

  private void more() {
    while (!hasFailed && inFlight < WIDTH && !waiting.isEmpty()) {
      inFlight++;
      work.apply(waiting.remove()).whenComplete(this::ended);
    }
    if (inFlight == 0) {
      result.complete(!hasFailed);
    }
  }

  private void ended(Boolean isDone, Throwable failure) {
    inFlight--;
    if (failure != null) {
      hasFailed = true;
      result.completeExceptionally(failure);
    }
    hasFailed |= failure == null && !isDone;
    more();
  }
}
