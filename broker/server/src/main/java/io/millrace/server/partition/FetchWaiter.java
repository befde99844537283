package io.millrace.server.partition;

import java.util.ArrayList;
import java.util.List;

/**
 * A fetch that waits for some of this shard's partitions. Owner: the shard's loop; it wakes its
 * fetch at most once.
 *
 * <p>It counts from the look that left it behind, so nothing is missed until the fetch has heard of
 * all its shards and knows how much it still needs: see {@link #arm}.
 */
public final class FetchWaiter {
  private final Runnable wake;
  private final List<Partition> partitions = new ArrayList<>();
  private long visibleBytes;
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
    partition.addWaiter(this);
  }

  /** Wakes once so many bytes have become visible since the look; at once if they have. */
  public void arm(long bytes) {
    neededBytes = bytes;
    onVisible(0);
  }

  /** Called by a partition whose visible end has moved. */
  void onVisible(long bytes) {
    visibleBytes += bytes;
    if (visibleBytes >= neededBytes) {
      wakeNow();
    }
  }

  /** Called by a partition that cannot serve any more: the fetch must look again and be told. */
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
      partition.removeWaiter(this);
    }
    partitions.clear();
  }
}
