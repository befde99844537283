package io.millrace.client.consumer;

import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * From the loop to the polling thread. How much is in it is bounded by what the engine may have
 * fetched and not read. Safe for any thread.
 */
final class Handover {
  private final ConcurrentLinkedQueue<Delivery> deliveries = new ConcurrentLinkedQueue<>();
  private final PollWait wait;
  private volatile boolean closed;

  Handover(PollWait wait) {
    this.wait = wait;
  }

  /** By the loop, which calls {@link #wake} when it has nothing more to give for the moment. */
  void give(Delivery delivery) {
    deliveries.add(delivery);
    if (closed) {
      discard();
    }
  }

  void wake() {
    wait.wake();
  }

  @Nullable Delivery poll() {
    return deliveries.poll();
  }

  /** What is in it, and what will come, is given back unread. */
  void close() {
    closed = true;
    discard();
  }

  private void discard() {
    for (Delivery each = deliveries.poll(); each != null; each = deliveries.poll()) {
      release(each);
    }
  }

  /** For a delivery that nobody reads any more. */
  static void release(Delivery delivery) {
    if (delivery instanceof Delivery.Records records) {
      records.share().release();
    }
  }
}
