package io.millrace.client.send;

import io.millrace.client.cluster.Done;

/** Counts the batches a flush waits for. On the client's loop. */
final class FlushWait {
  private final Done<Boolean> done;
  // One more than there are batches, until all have been counted.
  private int batches = 1;

  FlushWait(Done<Boolean> done) {
    this.done = done;
  }

  void add() {
    batches++;
  }

  /** One batch has ended, or counting has. */
  void remove() {
    batches--;
    if (batches == 0) {
      done.done(true, null);
    }
  }
}
