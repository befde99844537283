package io.millrace.coordination.store;

import io.millrace.rpc.EventLoop;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * The way in from any thread: a chain of stages has to be put together on the loop whose stages it
 * is made of, else a step that is added to a completed stage runs on the adding thread.
 */
public final class OnLoop {
  private OnLoop() {}

  /** Calls on the loop, in a turn of its own; completes as the called does. */
  public static <T> CompletionStage<T> call(EventLoop loop, Supplier<CompletionStage<T>> called) {
    CompletableFuture<T> result = new CompletableFuture<>();
    loop.execute(
        () -> {
          try {
            called
                .get()
                .whenComplete(
                    (value, failure) -> {
                      if (failure != null) {
                        result.completeExceptionally(failure);
                      } else {
                        result.complete(value);
                      }
                    });
          } catch (RuntimeException e) {
            // The caller has to learn of it, not the loop's log.
            result.completeExceptionally(e);
          }
        });
    return result;
  }
}
