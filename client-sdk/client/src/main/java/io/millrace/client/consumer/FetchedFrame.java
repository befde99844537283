package io.millrace.client.consumer;

import io.millrace.rpc.ReceivedBytes;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The memory of one fetch answer, which counts as held until all of its shares have been given
 * back: a share of a few bytes may keep megabytes. Safe for any thread.
 */
final class FetchedFrame {
  private final ReceivedBytes memory;
  private final int sizeBytes;
  private final PrefetchMemory prefetched;

  /** One more than there are shares, until all have been handed out. */
  private final AtomicInteger users = new AtomicInteger(1);

  /** Takes over the caller's reference. */
  FetchedFrame(ReceivedBytes memory, int sizeBytes, PrefetchMemory prefetched) {
    this.memory = memory;
    this.sizeBytes = sizeBytes;
    this.prefetched = prefetched;
    prefetched.take(sizeBytes);
  }

  PrefetchMemory prefetched() {
    return prefetched;
  }

  void join() {
    users.incrementAndGet();
  }

  void leave() {
    if (users.decrementAndGet() == 0) {
      memory.release();
      prefetched.give(sizeBytes);
    }
  }
}
