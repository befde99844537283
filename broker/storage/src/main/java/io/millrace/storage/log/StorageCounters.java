package io.millrace.storage.log;

import java.util.Collection;
import java.util.concurrent.atomic.LongAdder;

/** What the logs of one data directory have done since the start. Any thread; for metrics. */
public final class StorageCounters {
  private final LongAdder removedSegments = new LongAdder();
  private final LongAdder removedBytes = new LongAdder();
  private final LongAdder refusedForSpace = new LongAdder();
  private final LongAdder coldReads = new LongAdder();
  private final LongAdder coldReadBytes = new LongAdder();

  private final LongAdder scrubbedBytes = new LongAdder();
  private final LongAdder damages = new LongAdder();
  private final LongAdder repairs = new LongAdder();
  private final LongAdder compactedBytes = new LongAdder();
  private final LongAdder compactedRecords = new LongAdder();
  private final LongAdder compactionFreedBytes = new LongAdder();
  private final LongAdder compactionPasses = new LongAdder();
  private final LongAdder joinedSegments = new LongAdder();
  private volatile int compactionStuck;
  private volatile double compactionDirtyRatio;
  private volatile long compactionDueSinceMillis = CompactionStatus.NOT_DUE;
  private volatile long compactionMemoryBytes;
  private volatile long scrubStartBytes;
  private volatile long scrubTotalBytes;
  private volatile long scrubEndedMillis;

  StorageCounters() {}

  void scrubbed(long bytes) {
    scrubbedBytes.add(bytes);
  }

  void scrubBegins(long totalBytes) {
    scrubStartBytes = scrubbedBytes.sum();
    scrubTotalBytes = totalBytes;
  }

  void scrubEnded(long wallMillis) {
    scrubEndedMillis = wallMillis;
    scrubTotalBytes = 0;
  }

  void compacted(long readBytes) {
    compactedBytes.add(readBytes);
  }

  void compactionFreed(long records, long bytes) {
    compactedRecords.add(records);
    compactionFreedBytes.add(bytes);
  }

  void compactionPass() {
    compactionPasses.increment();
  }

  void joined(int fewer) {
    joinedSegments.add(fewer);
  }

  /** All logs that are compacted. */
  void compactionMet(Collection<CompactionStatus> all) {
    int stuck = 0;
    double worst = 0;
    long due = CompactionStatus.NOT_DUE;
    for (CompactionStatus each : all) {
      stuck += each.trouble().isEmpty() ? 0 : 1;
      worst = Math.max(worst, each.ratio());
      if (each.dueSinceMillis() != CompactionStatus.NOT_DUE) {
        due =
            due == CompactionStatus.NOT_DUE
                ? each.dueSinceMillis()
                : Math.min(due, each.dueSinceMillis());
      }
    }
    compactionStuck = stuck;
    compactionDirtyRatio = worst;
    compactionDueSinceMillis = due;
  }

  void compactionMemory(long bytes) {
    compactionMemoryBytes = bytes;
  }

  void damaged() {
    damages.increment();
  }

  void repaired() {
    repairs.increment();
  }

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

  /** What was read again to compare checksums. */
  public long scrubbedBytes() {
    return scrubbedBytes.sum();
  }

  /** How much of the present pass over all that is stored is done, 0 to 1; 1 between passes. */
  public double scrubProgress() {
    long total = scrubTotalBytes;
    return total <= 0 ? 1 : Math.min(1, (scrubbedBytes.sum() - scrubStartBytes) / (double) total);
  }

  /** When the last pass over all that is stored has ended; 0 when none has in this life. */
  public long scrubEndedMillis() {
    return scrubEndedMillis;
  }

  /** What compaction has read, once for the keys and once for the records. */
  public long compactedBytes() {
    return compactedBytes.sum();
  }

  /** Records that compaction has taken out. */
  public long compactedRecords() {
    return compactedRecords.sum();
  }

  /** By how much compaction has made segments smaller. */
  public long compactionFreedBytes() {
    return compactionFreedBytes.sum();
  }

  /** By how many there are fewer segments, since compacted ones were joined. */
  public long joinedSegments() {
    return joinedSegments.sum();
  }

  /** Logs that cannot be compacted for now. */
  public long compactionStuck() {
    return compactionStuck;
  }

  /** Of the log of which most has not been compacted, 0 to 1. */
  public double compactionDirtyRatio() {
    return compactionDirtyRatio;
  }

  /** Since when the log that has waited longest could be compacted; -1 when none waits. */
  public long compactionDueSinceMillis() {
    return compactionDueSinceMillis;
  }

  /** What the keys of the log take that is being compacted now. */
  public long compactionMemoryBytes() {
    return compactionMemoryBytes;
  }

  /** Passes over a log that have come to their end. */
  public long compactionPasses() {
    return compactionPasses.sum();
  }

  /** Ranges of bytes that were found not to be what was written. */
  public long damages() {
    return damages.sum();
  }

  /** Of these, those that were put right from another replica. */
  public long repairs() {
    return repairs.sum();
  }
}
