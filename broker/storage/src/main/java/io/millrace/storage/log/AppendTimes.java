package io.millrace.storage.log;

import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.wire.BatchScan;
import java.io.IOException;

/**
 * When the batches of a segment were appended.
 *
 * @param first of the first batch
 * @param last the latest of all batches
 */
record AppendTimes(long baseOffset, long first, long last) {
  private static final int WINDOW_BYTES = 1 << 14;

  /** What to look into; as the owner knew it, so that a segment may grow meanwhile. */
  record Question(java.nio.file.Path log, java.nio.file.Path index, long baseOffset, int size) {
    static Question of(Segment segment) {
      return new Question(
          segment.logPath(), segment.indexPath(), segment.baseOffset(), segment.sizeBytes());
    }
  }

  /**
   * Reads them, from the end of the index if it tells, else from the batches behind its last entry.
   * Blocks on the disk.
   */
  static AppendTimes read(Disk disk, Question of) throws IOException {
    IndexFile.Content content =
        IndexFile.load(disk, of.index(), of.baseOffset(), of.size(), Integer.MAX_VALUE);
    try (DiskFile log = disk.openForReading(of.log())) {
      BatchWalk walk = new BatchWalk(WINDOW_BYTES).headers(log, 0, of.size());
      if (walk.next() != BatchScan.WHOLE || walk.batch().baseOffset() != of.baseOffset()) {
        throw new CorruptLogException(of.log() + " does not begin with its base offset");
      }
      long first = walk.batch().appendTimestamp();
      IndexFile.Seal seal = content.seal();
      if (seal != null && seal.lastAppendMillis() != Segment.NO_TIMESTAMP) {
        return new AppendTimes(of.baseOffset(), first, seal.lastAppendMillis());
      }
      SparseIndex index = content.index();
      int entry = index.count() - 1;
      if (entry >= 0) {
        long offset = of.baseOffset() + index.offsetDelta(entry);
        walk.headers(log, index.position(entry), of.size());
        if (walk.next() == BatchScan.WHOLE && walk.batch().baseOffset() == offset) {
          return new AppendTimes(of.baseOffset(), first, latest(walk, of));
        }
        walk.headers(log, 0, of.size());
        walk.next();
      }
      return new AppendTimes(of.baseOffset(), first, latest(walk, of));
    }
  }

  /** From the batch on which the walk stands. */
  private static long latest(BatchWalk walk, Question of) throws IOException {
    long latest = walk.batch().appendTimestamp();
    while (walk.nextPosition() < of.size()) {
      if (walk.next() != BatchScan.WHOLE) {
        throw new CorruptLogException(
            of.log() + " has no whole batch at position " + walk.position());
      }
      latest = Math.max(latest, walk.batch().appendTimestamp());
    }
    return latest;
  }
}
