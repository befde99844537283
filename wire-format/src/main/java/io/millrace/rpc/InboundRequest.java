package io.millrace.rpc;

import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.util.List;

/** A request that waits for its answer. */
public interface InboundRequest {
  /** Without the payload. */
  Request head();

  /** A new view at each call, valid until {@link #releasePayload}; empty when there is none. */
  ByteBuffer payload();

  /** On any thread; the second call does nothing. Answering releases too. */
  void releasePayload();

  /** The loop of the connection it came on. */
  EventLoop loop();

  /** Where it came from. */
  Endpoint remote();

  /** On the loop's monotonic clock: after this nobody waits for the answer. */
  long deadlineNanos();

  /** False once the connection has closed: nobody will see an answer. On the loop. */
  boolean isOpen();

  /**
   * Runs on the loop when the connection closes before the answer; at once if it has. On the loop.
   *
   * <p>A hint, not a substitute for the deadline: while as much is in flight as may be, nothing is
   * read, and that the other side is gone may show only when something is written. The request is
   * still to be answered or dropped.
   */
  void onAbandoned(Runnable action);

  /**
   * Sends the answer; from any thread, once.
   *
   * @param response its correlation id is filled in here
   * @param payload goes out behind the head; owned by the connection from now on, also when it has
   *     closed
   */
  void answer(Response.Builder response, List<Payload> payload);

  /**
   * Sends what there is of an answer in parts, if anybody is there, and does nothing else: {@link
   * #answer} comes last. On the loop, before that.
   *
   * @param response its correlation id, and that more follows, is filled in here
   */
  void answerPart(Response.Builder response);

  /** As {@link #answer} with nothing but an error. */
  void refuse(ErrorCode code, String message);

  /** For requests that want no answer at all; frees their place among those in flight. */
  void drop();
}
