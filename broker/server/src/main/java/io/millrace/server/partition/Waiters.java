package io.millrace.server.partition;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The fetches that wait at one partition: consumers for what becomes visible, replicas for what is
 * appended and for a higher high watermark. Owner: the partition's loop.
 */
final class Waiters {
  private final Set<FetchWaiter> consumers = new LinkedHashSet<>();
  private final Set<FetchWaiter> replicas = new LinkedHashSet<>();

  void add(FetchWaiter waiter) {
    (waiter.isOfReplica() ? replicas : consumers).add(waiter);
  }

  void remove(FetchWaiter waiter) {
    (waiter.isOfReplica() ? replicas : consumers).remove(waiter);
  }

  void onAppended(long bytes) {
    if (!replicas.isEmpty()) {
      List.copyOf(replicas).forEach(waiter -> waiter.onBytes(bytes));
    }
  }

  void onVisible(long bytes) {
    if (!consumers.isEmpty()) {
      List.copyOf(consumers).forEach(waiter -> waiter.onBytes(bytes));
    }
    if (!replicas.isEmpty()) {
      List.copyOf(replicas).forEach(FetchWaiter::wakeNow);
    }
  }

  /** Every fetch that waits looks again. */
  void wakeAll() {
    List.copyOf(consumers).forEach(FetchWaiter::wakeNow);
    List.copyOf(replicas).forEach(FetchWaiter::wakeNow);
  }
}
