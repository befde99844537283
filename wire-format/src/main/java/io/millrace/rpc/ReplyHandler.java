package io.millrace.rpc;

import io.millrace.wire.v1.Response;

/** Hears how one request ended, on the connection's loop. */
public interface ReplyHandler {
  /** Exactly once. */
  void onReply(Reply reply);

  /**
   * An answer that is not the last one; before {@link #onReply}, and none after it.
   *
   * @param part without a payload
   * @return false: this request asked for no parts, or not for such a one, and the connection is to
   *     be closed
   */
  default boolean onPart(Response part) {
    return false;
  }

  /**
   * Exactly once: the network needs the request's payload buffers no longer, and they may be used
   * again. May come before or after {@link #onReply}: a request that times out while it is being
   * written keeps its buffers until the write has ended or the link has closed.
   */
  default void onPayloadFree() {}
}
