package io.millrace.client.consumer;

import java.util.concurrent.atomic.AtomicLong;

/** How much memory fetched and unread records take, and whether fetching waits for it. */
final class PrefetchMemory {
  private final AtomicLong heldBytes = new AtomicLong();
  private volatile boolean wanted;

  /** Of the polling thread. */
  private boolean read;

  void take(long bytes) {
    heldBytes.addAndGet(bytes);
  }

  void give(long bytes) {
    heldBytes.addAndGet(-bytes);
  }

  long heldBytes() {
    return heldBytes.get();
  }

  /**
   * By the loop: true before it looks whether there is room, so that what is given back meanwhile
   * is not missed; false when there was.
   */
  void setWanted(boolean wanted) {
    this.wanted = wanted;
  }

  /** By the polling thread: records were read to their end. */
  void noteRead() {
    read = true;
  }

  /** By the polling thread: whether the engine waits for what was read, and has not been told. */
  boolean takeNews() {
    if (!read || !wanted) {
      return false;
    }
    read = false;
    wanted = false;
    return true;
  }
}
