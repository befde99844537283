package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.rpc.Timer;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The one answer to a request that the cluster's store has a part in: whoever is first gives it,
 * the store's answer or the request's deadline. Any thread.
 */
final class LateAnswer {
  private final InboundRequest request;
  private final AtomicBoolean given = new AtomicBoolean();
  private final Timer deadline;

  /**
   * On the request's loop.
   *
   * @param atDeadline what to say when the store has not answered by then
   */
  LateAnswer(InboundRequest request, Refusal atDeadline) {
    this.request = request;
    long left = request.deadlineNanos() - request.loop().clock().nanoTime();
    this.deadline = request.loop().schedule(Math.max(0, left), () -> refuse(atDeadline));
  }

  void answer(Response.Builder response) {
    if (given.compareAndSet(false, true)) {
      deadline.cancel();
      request.answer(response, List.of());
    }
  }

  void refuse(Refusal refusal) {
    if (given.compareAndSet(false, true)) {
      deadline.cancel();
      request.refuse(refusal.code(), refusal.message());
    }
  }

  /** A stage that failed is a bug of ours, told as such. */
  void failed(Throwable bug) {
    refuse(
        new Refusal(
            ErrorCode.INTERNAL, "the broker failed on this request: " + bug.getClass().getName()));
  }
}
