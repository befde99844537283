package io.millrace.server.partition;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The high watermark, and how many bytes each of its steps makes visible. Owner: the partition's
 * loop. It never goes back but with the log itself, when a leader was elected that lacks what was
 * committed.
 */
final class VisibleEnd {
  private record Appended(long endOffset, long sizeBytes) {}

  private final Deque<Appended> invisible = new ArrayDeque<>();
  private long offset;

  VisibleEnd(long offset) {
    this.offset = offset;
  }

  long offset() {
    return offset;
  }

  void onAppended(long endOffset, long sizeBytes) {
    invisible.add(new Appended(endOffset, sizeBytes));
  }

  /** Another role begins: what was appended in the last one is not counted any more. */
  void forgetSizes() {
    invisible.clear();
  }

  /** The log ends here now: nothing behind it is visible. */
  void cutTo(long logEnd) {
    offset = Math.min(offset, logEnd);
  }

  /**
   * Moves up to an offset; does nothing for one that is lower.
   *
   * @return bytes that have become visible; at least 1 when the offset has moved
   */
  long advanceTo(long newOffset) {
    if (newOffset <= offset) {
      return 0;
    }
    offset = newOffset;
    long bytes = 0;
    while (!invisible.isEmpty() && invisible.peek().endOffset() <= newOffset) {
      bytes += invisible.remove().sizeBytes();
    }
    return Math.max(1, bytes);
  }
}
