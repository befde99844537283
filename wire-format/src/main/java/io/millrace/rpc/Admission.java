package io.millrace.rpc;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Counts connections, in all and by address. From any loop; off the request path. */
final class Admission {
  private final int maxTotal;
  private final int maxPerAddress;
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
  @Nullable String admit(String host) {
    if (total.incrementAndGet() > maxTotal) {
      total.decrementAndGet();
      return "all " + maxTotal + " connections are taken (limit on connections)";
    }
    if (byAddress.merge(host, 1, Integer::sum) > maxPerAddress) {
      leave(host);
      return "its address has " + maxPerAddress + " connections (limit for one address)";
    }
    return null;
  }

  /** Once for each that was admitted. */
  void leave(String host) {
    total.decrementAndGet();
    byAddress.computeIfPresent(host, (key, count) -> count == 1 ? null : count - 1);
  }

  int total() {
    return total.get();
  }
}
