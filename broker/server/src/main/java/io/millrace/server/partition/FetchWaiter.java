package io.millrace.server.partition;

import java.util.ArrayList;
import java.util.List;

/**
 * A consumer's fetch that waits for some of this shard's partitions. Owner: the shard's loop; it
 * wakes its fetch at most once.
 *
 * <p>It counts from the look that left it behind, so nothing is missed until the fetch has heard of
 * all its shards and knows how much it still needs: see {@link #arm}.
 */
public final class FetchWaiter {
  private final Runnable wake;
  private final List<Partition> partitions = new ArrayList<>();
  private long bytes;
  private long neededBytes = Long.MAX_VALUE;
  private boolean over;

  /**
   * @param wake runs on the shard's loop
   */
  FetchWaiter(Runnable wake) {
    this.wake = wake;
  }

  void waitFor(Partition partition) {
    partitions.add(partition);
    partition.waiters().add(this);
  }

  /** Wakes once there are so many bytes more than at the look; at once if there are. */
  public void arm(long needed) {
    neededBytes = needed;
    onBytes(0);
  }

  /** Called by a partition that has more for this reader. */
  void onBytes(long more) {
    bytes += more;
    if (bytes >= neededBytes) {
      wakeNow();
    }
  }

  /** Called by a partition that cannot serve any more. The fetch must look again. */
  void wakeNow() {
    if (!over) {
      cancel();
      wake.run();
    }
  }

  /** Waits no more. */
  public void cancel() {
    over = true;
    for (Partition partition : partitions) {
      partition.waiters().remove(this);
    }
    partitions.clear();
  }
}
