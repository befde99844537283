package io.millrace.storage.log;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * From where on a log was written so recently that it is in the page cache: within the last so many
 * bytes that all logs of the directory together have taken in this life. Owned by the log's loop,
 * but for the clock, which all share.
 */
final class HotTail {
  private static final int MARKS = 64;

  /** Bytes appended to all logs so far. */
  private final AtomicLong clock;

  private final long windowBytes;
  private final Deque<Mark> marks = new ArrayDeque<>(2);

  /** From this offset on everything was written at or after that time. */
  private record Mark(long offset, long writtenBytes) {}

  HotTail(AtomicLong clock, long windowBytes) {
    this.clock = clock;
    this.windowBytes = windowBytes;
  }

  /**
   * Bytes have been written.
   *
   * @param from first offset of them
   */
  void appended(long from, long bytes) {
    long before = clock.getAndAdd(bytes);
    Mark last = marks.peekLast();
    if (last == null || before - last.writtenBytes() >= windowBytes / MARKS) {
      forgetOld(before);
      marks.addLast(new Mark(from, before));
    }
  }

  /** The first offset that counts as hot; the log's end when none does. */
  long from(long endOffset) {
    forgetOld(clock.get());
    Mark oldest = marks.peekFirst();
    return oldest == null ? endOffset : oldest.offset();
  }

  private void forgetOld(long now) {
    for (Mark oldest = marks.peekFirst();
        oldest != null && now - oldest.writtenBytes() > windowBytes;
        oldest = marks.peekFirst()) {
      marks.removeFirst();
    }
  }

  /** The log has been cut: what is written now stands at other offsets. */
  void forget() {
    marks.clear();
  }
}
