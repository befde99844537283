package io.millrace.server.partition;

import java.util.ArrayList;
import java.util.List;

/**
 * A fetch that waits for some of this shard's partitions. Owner: the shard's loop; it wakes its
 * fetch at most once.
 */
public final class FetchWaiter {
  private final Runnable wake;
  private final List<Partition> partitions = new ArrayList<>();
  private long neededBytes;
  private boolean over;

  /**
   * @param neededBytes that must become visible before the fetch is woken; at least 1
   * @param wake runs on the shard's loop
   */
  FetchWaiter(long neededBytes, Runnable wake) {
    this.neededBytes = neededBytes;
    this.wake = wake;
  }

  void waitFor(Partition partition) {
    partitions.add(partition);
    partition.addWaiter(this);
  }

  /** Called by a partition whose visible end has moved. */
  void onVisible(long bytes) {
    neededBytes -= bytes;
    if (neededBytes <= 0) {
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
