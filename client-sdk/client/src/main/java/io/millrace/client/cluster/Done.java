package io.millrace.client.cluster;

import io.millrace.client.errors.MillraceException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Hears how something ended, on the client's loop, exactly once. Engines use it among themselves
 * instead of futures, which would swallow what a listener throws.
 */
@FunctionalInterface
public interface Done<T> {
  /** Exactly one of the two is null. */
  void done(@Nullable T result, @Nullable MillraceException error);

  /** For whoever waits on another thread. */
  static <T> Done<T> completing(CompletableFuture<T> future) {
    return (result, error) -> {
      if (error != null) {
        future.completeExceptionally(error);
      } else {
        future.complete(result);
      }
    };
  }
}
