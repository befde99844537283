package io.millrace.server.partition;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The fetches that wait at one partition: consumers for what becomes visible, replicas for what is
 * appended. Owner: the partition's loop.
 */
final class Waiters {
  private final Set<FetchWaiter> consumers = new LinkedHashSet<>();

  /** One or two, by far the most often. */
  private final List<ReplicaWaiter> replicas = new ArrayList<>(2);

  void add(FetchWaiter waiter) {
    consumers.add(waiter);
  }

  void remove(FetchWaiter waiter) {
    consumers.remove(waiter);
  }

  void add(ReplicaWaiter waiter) {
    if (!replicas.contains(waiter)) {
      replicas.add(waiter);
    }
  }

  void remove(ReplicaWaiter waiter) {
    replicas.remove(waiter);
  }

  void onAppended(long bytes) {
    for (int i = replicas.size() - 1; i >= 0; i--) {
      replicas.get(i).onAppended(bytes);
    }
  }

  void onVisible(long bytes) {
    if (!consumers.isEmpty()) {
      List.copyOf(consumers).forEach(waiter -> waiter.onBytes(bytes));
    }
    for (int i = replicas.size() - 1; i >= 0; i--) {
      replicas.get(i).onVisible();
    }
  }

  /** Every fetch that waits looks again. */
  void wakeAll() {
    List.copyOf(consumers).forEach(FetchWaiter::wakeNow);
    for (int i = replicas.size() - 1; i >= 0; i--) {
      replicas.get(i).wakeNow();
    }
  }
}
