package io.millrace.server.partition;

import io.millrace.wire.v1.ErrorCode;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The producers that wait until the disk has what they sent, in the order of their offsets. Owner:
 * the partition's loop.
 */
final class AckQueue {
  private record Waiting(
      long endOffset, long deadlineNanos, ProduceShare.Listener listener, AppendOutcome outcome) {}

  private final Deque<Waiting> queue = new ArrayDeque<>();

  boolean isEmpty() {
    return queue.isEmpty();
  }

  /**
   * @param endOffset of the appended batches; never less than that of the one before
   * @param outcome to tell once the disk has everything below
   */
  void add(
      long endOffset, long deadlineNanos, ProduceShare.Listener listener, AppendOutcome outcome) {
    queue.add(new Waiting(endOffset, deadlineNanos, listener, outcome));
  }

  void onFlushed(long flushedEnd) {
    while (!queue.isEmpty() && queue.peek().endOffset() <= flushedEnd) {
      Waiting done = queue.remove();
      done.listener().onOutcome(done.outcome());
    }
  }

  /** Deadlines are not in order, so this looks at everybody. */
  void expire(long nowNanos) {
    if (queue.isEmpty()) {
      return;
    }
    queue.removeIf(
        waiting -> {
          boolean expired = nowNanos - waiting.deadlineNanos() >= 0;
          if (expired) {
            waiting
                .listener()
                .onOutcome(
                    unknown("appended, but the disk did not confirm within the request's time"));
          }
          return expired;
        });
  }

  /** They are in the log, and may stay there: nobody can tell. */
  void abandon(String why) {
    while (!queue.isEmpty()) {
      queue.remove().listener().onOutcome(unknown("appended, but not confirmed: " + why));
    }
  }

  private static AppendOutcome unknown(String message) {
    return new AppendOutcome.Refused(new Refusal(ErrorCode.OUTCOME_UNKNOWN, message));
  }
}
