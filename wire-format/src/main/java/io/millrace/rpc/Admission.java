package io.millrace.rpc;

import io.millrace.rpc.RpcServerStats.Refusal;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Counts connections, in all and by address. From any loop; off the request path.
 *
 * <p>The loopback address counts like any other: a program on the same machine that opens
 * connections without end is the likeliest one to do so.
 */
final class Admission {
  /** Connections over a limit that are kept for the moment it takes to say so. */
  private static final int MAX_TOLD = 100;

  private final int maxTotal;
  private final int maxPerAddress;
  private final AtomicInteger told = new AtomicInteger();
  private final AtomicInteger total = new AtomicInteger();
  private final ConcurrentHashMap<String, Integer> byAddress = new ConcurrentHashMap<>();

  Admission(int maxTotal, int maxPerAddress) {
    this.maxTotal = maxTotal;
    this.maxPerAddress = maxPerAddress;
  }

  /**
   * Counts one more.
   *
   * @return null, or why not; then nothing has been counted
   */
  @Nullable Refusal admit(String host) {
    if (total.incrementAndGet() > maxTotal) {
      total.decrementAndGet();
      return Refusal.LIMIT;
    }
    if (byAddress.merge(host, 1, Integer::sum) > maxPerAddress) {
      leave(host);
      return Refusal.ADDRESS_LIMIT;
    }
    return null;
  }

  /** For people, here and on the other side. */
  String text(Refusal refusal, String host) {
    return switch (refusal) {
      case LIMIT -> "all " + maxTotal + " connections of this listener are taken (connections.max)";
      case ADDRESS_LIMIT ->
          host
              + " has "
              + maxPerAddress
              + " connections to this listener, which is all that one address may have"
              + " (connections.per.address.max)";
      case CLOSING -> "the server is closing";
    };
  }

  /** Once for each that was admitted. */
  void leave(String host) {
    total.decrementAndGet();
    byAddress.computeIfPresent(host, (key, count) -> count == 1 ? null : count - 1);
  }

  /** Whether one more that is refused may be told why; then {@link #hasTold} follows. */
  boolean mayTell() {
    if (told.incrementAndGet() > MAX_TOLD) {
      told.decrementAndGet();
      return false;
    }
    return true;
  }

  void hasTold() {
    told.decrementAndGet();
  }

  int total() {
    return total.get();
  }
}
