package io.millrace.client.send;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * How much memory records take that have not ended yet. Safe for any thread.
 *
 * <p>Taking never fails, so that a batch that has been begun can grow; whoever is about to begin
 * waits while the budget is used up. It can therefore be exceeded, by one growth of a batch for
 * each thread that sends.
 */
final class MemoryBudget {
  private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final long limitBytes;
  private final AtomicLong usedBytes = new AtomicLong();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final AtomicInteger waiting = new AtomicInteger();
  // Under the lock.
  private boolean open = true;

  MemoryBudget(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  long limitBytes() {
    return limitBytes;
  }

  long usedBytes() {
    return usedBytes.get();
  }

  boolean hasRoom() {
    return usedBytes.get() < limitBytes;
  }

  /**
   * Waits on the calling thread until there is room, and whatever else is asked for. That is looked
   * at again whenever memory is given back, and every now and then.
   *
   * @return false when there was none in time
   * @throws InterruptedException the thread was interrupted while it waited
   */
  boolean awaitRoom(long timeoutNanos, BooleanSupplier andAlso) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      waiting.incrementAndGet();
      try {
        long left = timeoutNanos;
        while (open && !(hasRoom() && andAlso.getAsBoolean())) {
          if (left <= 0) {
            return false;
          }
          long slice = Math.min(left, LOOK_AGAIN_NANOS);
          left -= slice - Math.max(0, room.awaitNanos(slice));
        }
        return true;
      } finally {
        waiting.decrementAndGet();
      }
    } finally {
      lock.unlock();
    }
  }

  void take(long bytes) {
    usedBytes.addAndGet(bytes);
  }

  void give(long bytes) {
    usedBytes.addAndGet(-bytes);
    if (waiting.get() > 0) {
      wake();
    }
  }

  /** Nobody waits any more. */
  void close() {
    lock.lock();
    try {
      open = false;
    } finally {
      lock.unlock();
    }
    wake();
  }

  private void wake() {
    lock.lock();
    try {
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
