package io.millrace.server.partition;

/**
 * A replica's wish to hear of one partition, for as long as it stands in its {@link Waiters}.
 * Owner: the partition's loop; nobody may be added or removed from within.
 */
interface ReplicaWaiter {
  /** There is more to copy. */
  void onAppended(long bytes);

  /** More is committed: worth telling, and not worth an answer of its own. */
  void onVisible();

  /** Cannot serve any more, or has in memory now what it had not. */
  void wakeNow();
}
