package io.millrace.rpc;

import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request;

/**
 * Hears how long each request took, phase by phase, when all is over with it: one for each loop,
 * called on that loop and so without need for locks. Costs no object for a request.
 *
 * <pre>
 *   arrived ------> started ------> answered ------> written
 *           queued           handled          sent
 * </pre>
 *
 * <p>Requests that no handler saw are not told of; {@link RpcServerStats#requestsRefused} counts
 * them.
 */
public interface RequestPhases {
  /** Hears nothing. */
  RequestPhases NONE = request -> {};

  /**
   * Once for each request that reached the handler. Must not throw, nor block the loop.
   *
   * @param request must not be kept
   */
  void finished(Finished request);

  /** How a request ended. */
  enum Outcome {
    /** The network has taken all of the answer. */
    ANSWERED,
    /** No answer was wanted. */
    DROPPED,
    /** The connection closed before the answer was sent. */
    LOST
  }

  /** A request whose time is over. Times are of the loop's monotonic clock, in nanoseconds. */
  interface Finished {
    Request.ApiCase api();

    Outcome outcome();

    /** Of the whole answer; errors of single partitions are not looked at. UNSPECIFIED: none. */
    ErrorCode error();

    /** Of the frame without its length. */
    long sizeBytes();

    /** Of the answer's frame; 0 when none was made. */
    long answerSizeBytes();

    /**
     * Its last bytes were read; then it waited while too much was in flight. Before that, while the
     * connection is held back, it may have waited unread, which nobody here can see.
     */
    long arrivedNanos();

    /** The handler was called. */
    long startedNanos();

    /** The answer was ready, or the request was dropped. */
    long answeredNanos();

    /**
     * The network took the last byte of the answer; when there is none, as {@link #answeredNanos}.
     */
    long writtenNanos();
  }
}
