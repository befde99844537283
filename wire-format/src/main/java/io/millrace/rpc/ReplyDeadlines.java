package io.millrace.rpc;

import org.jspecify.annotations.Nullable;

/**
 * One timer for all requests in flight on a connection, set for the earliest deadline. On its loop.
 *
 * <p>It is moved forward when an earlier deadline comes, and not moved back when a reply arrives:
 * it then fires for nothing, which for requests of a like time-out is once in that time.
 */
final class ReplyDeadlines {
  private final EventLoop loop;
  private final AwaitedReplies replies;
  private @Nullable Timer timer;
  private long setFor;

  ReplyDeadlines(EventLoop loop, AwaitedReplies replies) {
    this.loop = loop;
    this.replies = replies;
  }

  void watch(long deadlineNanos) {
    if (timer != null) {
      if (deadlineNanos - setFor >= 0) {
        return;
      }
      timer.cancel();
    }
    setTimer(deadlineNanos, loop.clock().nanoTime());
  }

  private void setTimer(long deadlineNanos, long nowNanos) {
    setFor = deadlineNanos;
    timer = loop.schedule(Math.max(0, deadlineNanos - nowNanos), this::fire);
  }

  private void fire() {
    timer = null;
    long now = loop.clock().nanoTime();
    AwaitedReply earliest = null;
    for (AwaitedReply reply : replies.all()) {
      if (reply.isTold()) {
        continue;
      }
      if (reply.deadlineNanos - now <= 0) {
        reply.tell(new Reply.Unknown("no answer in time", true));
      } else if (earliest == null || reply.deadlineNanos - earliest.deadlineNanos < 0) {
        earliest = reply;
      }
    }
    // A handler may have sent anew, and so set the timer.
    if (earliest != null) {
      watch(earliest.deadlineNanos);
    }
  }

  void stop() {
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }
}
