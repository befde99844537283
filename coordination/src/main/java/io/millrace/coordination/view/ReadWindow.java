package io.millrace.coordination.view;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.ReadOutcome;
import java.util.ArrayDeque;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Lets so many reads be on their way at once: a cluster of many partitions is read in a pipeline,
 * but does not fill the store's queues. Owner: the store's loop.
 */
final class ReadWindow {
  private static final int MAX_IN_FLIGHT = 512;

  private final ClusterStore store;
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private int inFlight;

  ReadWindow(ClusterStore store) {
    this.store = store;
  }

  <T> void read(
      Supplier<CompletionStage<ReadOutcome<T>>> read, Consumer<ReadOutcome<T>> onOutcome) {
    Runnable send =
        () ->
            read.get()
                .thenAccept(
                    outcome -> {
                      inFlight--;
                      // In a turn of its own: what it throws is logged and stops nobody else.
                      store.loop().execute(() -> onOutcome.accept(outcome));
                      sendMore();
                    });
    waiting.add(send);
    sendMore();
  }

  private void sendMore() {
    while (inFlight < MAX_IN_FLIGHT && !waiting.isEmpty()) {
      inFlight++;
      waiting.remove().run();
    }
  }
}
