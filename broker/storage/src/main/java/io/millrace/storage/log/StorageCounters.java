package io.millrace.storage.log;

import java.util.concurrent.atomic.LongAdder;

/** What the logs of one data directory have done since the start. Any thread; for metrics. */
public final class StorageCounters {
  private final LongAdder removedSegments = new LongAdder();
  private final LongAdder removedBytes = new LongAdder();
  private final LongAdder refusedForSpace = new LongAdder();
  private final LongAdder coldReads = new LongAdder();
  private final LongAdder coldReadBytes = new LongAdder();

  StorageCounters() {}

  void removed(int segments, long bytes) {
    removedSegments.add(segments);
    removedBytes.add(bytes);
  }

  void coldRead(long bytes) {
    coldReads.increment();
    coldReadBytes.add(bytes);
  }

  void refuseForSpace() {
    refusedForSpace.increment();
  }

  /** Writes that found no room on the disk, and left everything as it was. */
  public long refusedForSpace() {
    return refusedForSpace.sum();
  }

  /** How often a reader had to wait for the disk. */
  public long coldReads() {
    return coldReads.sum();
  }

  /** What was brought into memory for readers. */
  public long coldReadBytes() {
    return coldReadBytes.sum();
  }

  /** Segments that retention or trimming took. */
  public long removedSegments() {
    return removedSegments.sum();
  }

  /** Of {@link #removedSegments}, without their indexes. */
  public long removedBytes() {
    return removedBytes.sum();
  }
}
