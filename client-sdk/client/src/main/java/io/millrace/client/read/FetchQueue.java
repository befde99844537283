package io.millrace.client.read;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** From the loop to the consumer's thread. Its size is bounded by what the loop may fetch ahead. */
public final class FetchQueue {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  // Under the lock.
  private final ArrayDeque<Fetched> items = new ArrayDeque<>();
  private boolean woken;

  /** By the loop. */
  void add(Fetched item) {
    lock.lock();
    try {
      items.add(item);
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** By anybody: ends the present wait, or the next one. */
  public void wake() {
    lock.lock();
    try {
      woken = true;
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** By the consumer's thread: whether {@link #wake} was called since the last time. */
  public boolean takeWake() {
    lock.lock();
    try {
      boolean was = woken;
      woken = false;
      return was;
    } finally {
      lock.unlock();
    }
  }

  /** By the consumer's thread: everything there is, in order. */
  public List<Fetched> takeAll() {
    lock.lock();
    try {
      List<Fetched> all = new ArrayList<>(items);
      items.clear();
      return all;
    } finally {
      lock.unlock();
    }
  }

  /**
   * By the consumer's thread: waits until there is something, or somebody wakes it.
   *
   * @return false when the time is up
   */
  public boolean await(long timeoutNanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = timeoutNanos;
      while (items.isEmpty() && !woken) {
        if (left <= 0) {
          return false;
        }
        left = news.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }
}
