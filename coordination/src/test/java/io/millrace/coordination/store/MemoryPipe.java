package io.millrace.coordination.store;

import io.millrace.rpc.EventLoop;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongSupplier;

/**
 * One direction of a connection: what goes in comes out on the other loop, later, in order. Cut, it
 * loses what has not come out.
 */
final class MemoryPipe {
  private final EventLoop to;
  private final LongSupplier latencyNanos;
  private final Queue<Runnable> messages = new ConcurrentLinkedQueue<>();
  private volatile boolean isCut;

  MemoryPipe(EventLoop to, LongSupplier latencyNanos) {
    this.to = to;
    this.latencyNanos = latencyNanos;
  }

  /** From any thread. */
  void send(Runnable message) {
    messages.add(message);
    to.schedule(latencyNanos.getAsLong(), this::deliverOne);
  }

  /** The first that went in, whichever's delay is over. */
  private void deliverOne() {
    Runnable message = messages.poll();
    if (message != null && !isCut) {
      message.run();
    }
  }

  /** What is on its way is lost. */
  void cut() {
    isCut = true;
  }
}
