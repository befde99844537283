package io.millrace.rpc;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The requests in flight on one connection, by correlation id. On its loop.
 *
 * <p>A table without chains or boxes: ids grow, each has one possible place, and an id whose place
 * is still taken by a long-waiting request is passed over. No id is ever used twice.
 */
final class AwaitedReplies {
  private final @Nullable AwaitedReply[] places;
  private long nextId = 1;
  private int count;
  private long bytes;

  /**
   * @param most at the same time, at least 1
   */
  AwaitedReplies(int most) {
    places = new @Nullable AwaitedReply[Integer.highestOneBit(most) << 2];
  }

  /** For the next request; at most {@code most} may be in flight when it is asked for. */
  long newId() {
    while (places[place(nextId)] != null) {
      nextId++;
    }
    return nextId++;
  }

  void add(AwaitedReply reply) {
    places[place(reply.correlationId)] = reply;
    count++;
    bytes += reply.size;
  }

  /** Null when no such request is in flight. */
  @Nullable AwaitedReply get(long correlationId) {
    AwaitedReply found = places[place(correlationId)];
    return found == null || found.correlationId != correlationId ? null : found;
  }

  /** As {@link #get}; it is in flight no more. */
  @Nullable AwaitedReply remove(long correlationId) {
    AwaitedReply found = get(correlationId);
    if (found != null) {
      places[place(correlationId)] = null;
      count--;
      bytes -= found.size;
    }
    return found;
  }

  private int place(long correlationId) {
    return (int) correlationId & (places.length - 1);
  }

  int count() {
    return count;
  }

  long bytes() {
    return bytes;
  }

  /** A copy, in the order sent. */
  List<AwaitedReply> all() {
    List<AwaitedReply> all = new ArrayList<>(count);
    for (AwaitedReply reply : places) {
      if (reply != null) {
        all.add(reply);
      }
    }
    all.sort(Comparator.comparingLong(reply -> reply.correlationId));
    return all;
  }
}
