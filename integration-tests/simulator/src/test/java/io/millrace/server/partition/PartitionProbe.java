package io.millrace.server.partition;

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
    return partition.reading().visibleOffset();
  }

  /** Of its log, whether or not it has records. */
  public static int latestEpoch(Partition partition) {
    return partition.log().latestEpoch();
  }

  /** The next offset to be written. */
  public static long endOffset(Partition partition) {
    return partition.log().endOffset();
  }
}
