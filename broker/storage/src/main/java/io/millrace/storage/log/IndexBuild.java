package io.millrace.storage.log;

import io.millrace.storage.files.DiskFile;
import io.millrace.wire.BatchScan;
import java.io.IOException;

/** Makes an index from a log. */
final class IndexBuild {
  private final long baseOffset;
  private final int intervalBytes;
  private final SparseIndex index;
  private int lastIndexed;
  private long maxTimestamp = Segment.NO_TIMESTAMP;
  private long lastAppendMillis = Segment.NO_TIMESTAMP;

  /** What was learned of a segment on the way. */
  record Built(SparseIndex index, long endOffset, long maxTimestamp, long lastAppendMillis) {
    IndexFile.Seal seal(int sizeBytes) {
      return new IndexFile.Seal(endOffset, sizeBytes, maxTimestamp, lastAppendMillis);
    }
  }

  /** Continues an index, which may be empty. */
  IndexBuild(long baseOffset, int intervalBytes, SparseIndex index) {
    this.baseOffset = baseOffset;
    this.intervalBytes = intervalBytes;
    this.index = index;
    this.lastIndexed = index.count() == 0 ? 0 : index.position(index.count() - 1);
  }

  /** What is known of the batches before the first that is added. */
  void startsAfter(long timestamp) {
    maxTimestamp = timestamp;
  }

  /** The next batch of the log. */
  void add(long offset, int position, long batchMaxTimestamp, long appendMillis) {
    if (position - lastIndexed >= intervalBytes) {
      index.add((int) (offset - baseOffset), position, maxTimestamp);
      lastIndexed = position;
    }
    maxTimestamp = Math.max(maxTimestamp, batchMaxTimestamp);
    lastAppendMillis = Math.max(lastAppendMillis, appendMillis);
  }

  SparseIndex index() {
    return index;
  }

  long maxTimestamp() {
    return maxTimestamp;
  }

  /** Latest append time of what was added; {@link Segment#NO_TIMESTAMP} when nothing was. */
  long lastAppendMillis() {
    return lastAppendMillis;
  }

  /** Walks over a segment's headers. */
  static Built byHeaders(
      BatchWalk walk,
      DiskFile file,
      int sizeBytes,
      long baseOffset,
      int intervalBytes,
      int maxEntries)
      throws IOException {
    IndexBuild build = new IndexBuild(baseOffset, intervalBytes, new SparseIndex(maxEntries));
    long next = baseOffset;
    walk.headers(file, 0, sizeBytes);
    while (walk.nextPosition() < sizeBytes) {
      BatchScan found = walk.next();
      if (found != BatchScan.WHOLE) {
        throw new CorruptLogException(
            file.path()
                + " has no whole batch at position "
                + walk.position()
                + ", before its end at "
                + sizeBytes
                + " ("
                + found
                + ")");
      }
      if (walk.batch().baseOffset() != next) {
        throw new CorruptLogException(
            file.path()
                + " has offset "
                + walk.batch().baseOffset()
                + " at position "
                + walk.position()
                + " where "
                + next
                + " comes next");
      }
      build.add(next, walk.position(), walk.maxTimestamp(), walk.batch().appendTimestamp());
      next = walk.batch().nextOffset();
    }
    return new Built(build.index(), next, build.maxTimestamp(), build.lastAppendMillis());
  }
}
