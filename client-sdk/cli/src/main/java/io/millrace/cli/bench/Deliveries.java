package io.millrace.cli.bench;

import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * What came of each partition of a topic, whichever member of a group read it. Members tell, each
 * on its own thread; a partition has one reader at a time, so that what one told is before what the
 * next one tells.
 */
final class Deliveries {
  /** Of one partition. */
  private static final class Partition {
    final Pauses pauses = new Pauses();

    /** The offset that has not come yet. */
    final AtomicLong next = new AtomicLong();
  }

  private final Partition[] partitions;
  private final AtomicLong records = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong repeated = new AtomicLong();
  private final AtomicLong missed = new AtomicLong();

  /** Of a topic that had no records before. */
  Deliveries(int count) {
    this.partitions =
        IntStream.range(0, count).mapToObj(each -> new Partition()).toArray(Partition[]::new);
  }

  void delivered(int number, long offset, int sizeBytes, long nowNanos) {
    Partition partition = partitions[number];
    long next = partition.next.get();
    if (offset < next) {
      repeated.incrementAndGet();
      return; // a repetition is no progress
    }
    missed.addAndGet(offset - next);
    partition.next.set(offset + 1);
    partition.pauses.happened(nowNanos);
    records.incrementAndGet();
    bytes.addAndGet(sizeBytes);
  }

  int partitions() {
    return partitions.length;
  }

  Pauses pauses(int partition) {
    return partitions[partition].pauses;
  }

  void begin() {
    for (Partition partition : partitions) {
      partition.pauses.begin();
    }
  }

  /** Whether there has been a record of every partition since then. */
  boolean allSince(long nanos) {
    for (Partition partition : partitions) {
      if (!partition.pauses.hasHappenedSince(nanos)) {
        return false;
      }
    }
    return true;
  }

  /** Without repetitions. */
  long records() {
    return records.get();
  }

  /** Of their values. */
  long bytes() {
    return bytes.get();
  }

  long repeated() {
    return repeated.get();
  }

  /** Passed over: lost, as far as the group can tell. */
  long missed() {
    return missed.get();
  }
}
