package io.millrace.server.partition;

import io.millrace.rpc.EventLoop;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Messages to the owner of a shard from other threads, in order of posting from each. A burst costs
 * one wake-up: only the message that finds the box empty submits a task to the loop.
 *
 * <p>Any thread posts; the loop alone runs what was posted.
 */
public final class Mailbox {
  private final EventLoop loop;
  private final int capacity;
  private final Queue<Runnable> messages = new ConcurrentLinkedQueue<>();

  /** Messages posted and not yet run; whoever raises it from 0 wakes the loop. */
  private final AtomicInteger waiting = new AtomicInteger();

  /**
   * @param capacity how many requests may wait; answers and completions always find room, their
   *     number being bounded by that of the requests they belong to
   */
  public Mailbox(EventLoop loop, int capacity) {
    this.loop = loop;
    this.capacity = capacity;
  }

  /** For new work: false, and nothing done, when the owner is too far behind. */
  public boolean offer(Runnable message) {
    if (waiting.get() >= capacity) {
      return false;
    }
    deliver(message);
    return true;
  }

  /** For what somebody waits for already. */
  public void deliver(Runnable message) {
    messages.add(message);
    if (waiting.getAndIncrement() == 0) {
      loop.execute(this::run);
    }
  }

  /** Messages that wait. Any thread. */
  int depth() {
    return waiting.get();
  }

  private void run() {
    int burst = waiting.get();
    for (int i = 0; i < burst; i++) {
      Runnable message = messages.poll();
      if (message == null) {
        throw new IllegalStateException("a message was counted that is not there");
      }
      runOne(message);
    }
    if (waiting.addAndGet(-burst) > 0) {
      loop.execute(this::run);
    }
  }

  /** The loop logs what a task throws; the messages behind the faulty one must still be run. */
  private void runOne(Runnable message) {
    try {
      message.run();
    } catch (RuntimeException | Error e) {
      loop.execute(
          () -> {
            throw e;
          });
    }
  }
}
