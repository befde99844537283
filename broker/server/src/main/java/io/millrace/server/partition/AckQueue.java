package io.millrace.server.partition;

import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * The producers that wait until what they sent is committed at one level, in the order of their
 * offsets. Owner: the partition's loop.
 */
final class AckQueue {
  /**
   * What was appended.
   *
   * @param endOffset behind it; never less than that of the one before
   */
  record Waiting(
      long endOffset,
      long deadlineNanos,
      ProduceShare.Listener listener,
      List<Long> baseOffsets,
      long appendTimestampMillis,
      int leaderEpoch) {}

  private final Durability level;
  private final Deque<Waiting> queue = new ArrayDeque<>();

  AckQueue(Durability level) {
    this.level = level;
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }

  /** Behind the last that waits; 0 when none does. */
  long endOffset() {
    Waiting last = queue.peekLast();
    return last == null ? 0 : last.endOffset();
  }

  boolean isAnyBelow(long offset) {
    Waiting first = queue.peek();
    return first != null && first.endOffset() <= offset;
  }

  void add(Waiting waiting) {
    queue.add(waiting);
  }

  /**
   * @param committedEnd everything below has reached the level
   * @param replicas that have it, at least
   * @param flushedEnd of this replica's disk
   */
  void onCommitted(long committedEnd, int replicas, long flushedEnd) {
    while (!queue.isEmpty() && queue.peek().endOffset() <= committedEnd) {
      Waiting done = queue.remove();
      done.listener()
          .onOutcome(
              new AppendOutcome.Appended(
                  done.baseOffsets(),
                  done.appendTimestampMillis(),
                  done.leaderEpoch(),
                  level,
                  replicas,
                  done.endOffset() <= flushedEnd));
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
                    unknown(
                        "appended, but not confirmed by all it takes within the request's time",
                        Optional.empty()));
          }
          return expired;
        });
  }

  /**
   * They are in the log, and may stay there: nobody can tell.
   *
   * @param leader who may be sent them again, by a producer that numbers them
   */
  void abandon(String why, Optional<KnownLeader> leader) {
    while (!queue.isEmpty()) {
      queue.remove().listener().onOutcome(unknown("appended, but not confirmed: " + why, leader));
    }
  }

  private static AppendOutcome unknown(String message, Optional<KnownLeader> leader) {
    return new AppendOutcome.Refused(new Refusal(ErrorCode.OUTCOME_UNKNOWN, message, leader));
  }
}
