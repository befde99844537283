package io.millrace.rpc;

/** Hears how one request ended, on the connection's loop. */
public interface ReplyHandler {
  /** Exactly once. */
  void onReply(Reply reply);

  /**
   * Exactly once: the network needs the request's payload buffers no longer, and they may be used
   * again. May come before or after {@link #onReply}: a request that times out while it is being
   * written keeps its buffers until the write has ended or the link has closed.
   */
  default void onPayloadFree() {}
}
