package io.millrace.server.partition;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Who wants to know that the disk has all below an offset. Owner: the partition's loop. */
final class FlushWaiters {
  private record Waiter(long endOffset, Consumer<Boolean> then) {}

  private final List<Waiter> waiters = new ArrayList<>();

  void add(long endOffset, Consumer<Boolean> then) {
    waiters.add(new Waiter(endOffset, then));
  }

  /**
   * @param logEnd what was behind it has been cut: nobody waits for that any more
   */
  void onFlushed(long flushedEnd, long logEnd) {
    tell(flushedEnd >= logEnd ? Long.MAX_VALUE : flushedEnd, true);
  }

  void onFailed() {
    tell(Long.MAX_VALUE, false);
  }

  private void tell(long end, boolean flushed) {
    if (waiters.isEmpty()) {
      return;
    }
    List<Waiter> done = waiters.stream().filter(waiter -> waiter.endOffset() <= end).toList();
    waiters.removeAll(done);
    done.forEach(waiter -> waiter.then().accept(flushed));
  }
}
