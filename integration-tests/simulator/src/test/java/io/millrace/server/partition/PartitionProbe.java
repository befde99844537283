package io.millrace.server.partition;

import io.millrace.storage.log.PartitionLog;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Lets the simulator see a partition's state, on its loop. */
public final class PartitionProbe {
  private static final int NO_EPOCH = -1;

  private PartitionProbe() {}

  /** The epoch it leads in, or -1. */
  public static int leadsIn(Partition partition) {
    return partition.role() instanceof Role.Leader leader ? leader.epoch() : NO_EPOCH;
  }

  /** What consumers and followers are told. */
  public static long highWatermark(Partition partition) {
    return partition.visibleOffset();
  }

  /** Of its log, whether or not it has records. */
  public static int latestEpoch(Partition partition) {
    return partition.log().latestEpoch();
  }

  /** Where the records of each epoch begin. */
  public static NavigableMap<Long, Integer> epochs(Partition partition) {
    PartitionLog log = partition.log();
    NavigableMap<Long, Integer> epochs = new TreeMap<>();
    long at = log.startOffset();
    while (at < log.endOffset()) {
      int epoch = log.epochAt(at);
      epochs.put(at, epoch);
      at = Math.max(at + 1, log.endOffsetForEpoch(epoch).endOffset());
    }
    return epochs;
  }

  /** The next offset to be written. */
  public static long endOffset(Partition partition) {
    return partition.log().endOffset();
  }
}
