package io.millrace.storage.log;

import java.util.Arrays;

/**
 * Where some of a segment's batches stand: for each, its offset (from the segment's base), its
 * position, and the latest record time of all batches before it. Ascending in all three.
 *
 * <p>The batch at position 0 has no entry: everybody knows where it is. Holds a bounded number of
 * entries: when it is full, every other one goes and the distance between entries doubles, so that
 * a lookup reads a little more and a large segment costs no more memory than a small one.
 */
final class SparseIndex {
  /** 64 KiB; a full gigabyte then has an entry every 256 KiB. */
  static final int MAX_ENTRIES = 4096;

  /** For those who only want to know how a file ends. */
  static final int FEWEST_ENTRIES = 2;

  private final int limit;
  private int minGapBytes;
  private int[] offsetDeltas = {};
  private int[] positions = {};
  private long[] maxTimestamps = {};
  private int count;

  SparseIndex(int limit) {
    if (limit < FEWEST_ENTRIES) {
      throw new IllegalArgumentException("an index of " + limit + " entries");
    }
    this.limit = limit;
  }

  /** Ignores an entry that stands too close behind the last. */
  void add(int offsetDelta, int position, long maxTimestampBefore) {
    if (count > 0) {
      if (offsetDelta <= offsetDeltas[count - 1] || position <= positions[count - 1]) {
        throw new IllegalArgumentException(
            "entry " + offsetDelta + " at " + position + " is not behind the last");
      }
      if (position - positions[count - 1] < minGapBytes) {
        return;
      }
    }
    if (count == limit) {
      thinOut();
    }
    if (count == positions.length) {
      int capacity = Math.min(limit, Math.max(16, 2 * count));
      offsetDeltas = Arrays.copyOf(offsetDeltas, capacity);
      positions = Arrays.copyOf(positions, capacity);
      maxTimestamps = Arrays.copyOf(maxTimestamps, capacity);
    }
    offsetDeltas[count] = offsetDelta;
    positions[count] = position;
    maxTimestamps[count] = maxTimestampBefore;
    count++;
  }

  private void thinOut() {
    int kept = 0;
    for (int i = 0; i < count; i += 2) {
      offsetDeltas[kept] = offsetDeltas[i];
      positions[kept] = positions[i];
      maxTimestamps[kept] = maxTimestamps[i];
      kept++;
    }
    count = kept;
    minGapBytes = Math.max(1, 2 * Math.max(minGapBytes, positions[count - 1] / (2 * count)));
  }

  int count() {
    return count;
  }

  int offsetDelta(int entry) {
    return offsetDeltas[entry];
  }

  int position(int entry) {
    return positions[entry];
  }

  /** The latest record time of all batches before the entry's. */
  long maxTimestampBefore(int entry) {
    return maxTimestamps[entry];
  }

  /** The last entry at or before the offset, -1 when the offset is before the first. */
  int floorByOffset(long offsetDelta) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (offsetDeltas[middle] <= offsetDelta) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  /** The last entry at or before the position, -1 when the position is before the first. */
  int floorByPosition(long position) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (positions[middle] <= position) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  /**
   * The last entry before which every record is older than the time, -1 when there is none: the
   * first record of that time or later is not before the entry.
   */
  int floorByTime(long timestamp) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (maxTimestamps[middle] < timestamp) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  /** Forgets the entries at and behind a position. */
  void cut(int position) {
    count = floorByPosition(position - 1L) + 1;
  }
}
