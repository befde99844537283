package io.millrace.rpc;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The unanswered requests of one connection, counted against its limits. On its loop. */
final class RequestsInFlight {
  private final int maxRequests;
  private final long maxBytes;
  private int requests;
  private long bytes;
  private @Nullable ServerRequest newest;

  RequestsInFlight(RpcServerSettings settings) {
    maxRequests = settings.maxInFlightRequests();
    maxBytes = settings.maxInFlightBytes();
  }

  /** Whether one more may be taken; when it is larger than what is left, it is the last. */
  boolean hasRoom() {
    return requests < maxRequests && bytes < maxBytes;
  }

  boolean isEmpty() {
    return requests == 0;
  }

  void add(ServerRequest request) {
    requests++;
    bytes += request.size;
    ServerRequest second = newest;
    request.older = second;
    if (second != null) {
      second.newer = request;
    }
    newest = request;
  }

  void remove(ServerRequest request) {
    requests--;
    bytes -= request.size;
    ServerRequest older = request.older;
    ServerRequest newer = request.newer;
    if (older != null) {
      older.newer = newer;
    }
    if (newer != null) {
      newer.older = older;
    } else {
      newest = older;
    }
    request.older = null;
    request.newer = null;
  }

  /**
   * Oldest first, each at most once. They stay in flight until they are finished: their memory is
   * in their handlers' hands.
   */
  void abandonAll() {
    ArrayDeque<ServerRequest> all = new ArrayDeque<>(requests);
    for (ServerRequest request = newest; request != null; request = request.older) {
      all.addFirst(request);
    }
    // An action may finish its request, or another one's.
    for (ServerRequest request : all) {
      request.abandon();
    }
  }
}
