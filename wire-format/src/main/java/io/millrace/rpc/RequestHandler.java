package io.millrace.rpc;

/** What stands behind an accepted connection: one for all connections of a listener. */
public interface RequestHandler {
  /**
   * On the connection's loop, in the order the requests came. Every request is answered or dropped
   * exactly once, now or later, on any thread.
   */
  void handle(InboundRequest request);
}
