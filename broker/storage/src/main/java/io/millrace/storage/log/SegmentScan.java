package io.millrace.storage.log;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.wire.BatchScan;
import io.millrace.wire.BatchView;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Reads one segment again, from near an offset to its end or to the first batch that is bad. */
final class SegmentScan {
  private final DiskFile log;
  private final long baseOffset;
  private final int fileSizeBytes;
  private final int indexIntervalBytes;
  private final BatchWalk walk;

  private IndexBuild build;
  private int sizeBytes;
  private long endOffset;
  private int beganAt;
  private long readBytes;
  private int damagedTo;
  private boolean isCutShort;
  private int entriesOnDisk;
  private @Nullable String problem;

  SegmentScan(
      DiskFile log, long baseOffset, int fileSizeBytes, int indexIntervalBytes, BatchWalk walk) {
    this.log = log;
    this.baseOffset = baseOffset;
    this.fileSizeBytes = fileSizeBytes;
    this.indexIntervalBytes = indexIntervalBytes;
    this.walk = walk;
    this.build = new IndexBuild(baseOffset, indexIntervalBytes, new SparseIndex(Integer.MAX_VALUE));
    this.endOffset = baseOffset;
  }

  /**
   * Scans.
   *
   * @param recoveryPoint where to begin, as far as the index on disk can be believed
   * @param epochs gets the epochs that it misses
   * @return whether it got any
   * @throws CorruptLogException when offsets or epochs go back: no crash does that
   */
  boolean run(Disk disk, Path directory, long recoveryPoint, EpochHistory epochs)
      throws IOException {
    startNear(disk, directory, recoveryPoint);
    boolean changedEpochs = false;
    int from = sizeBytes;
    walk.whole(log, from, fileSizeBytes);
    while (problem == null && sizeBytes < fileSizeBytes) {
      BatchScan found = walk.next();
      BatchView batch = walk.batch();
      problem = problem(found, batch);
      isCutShort = found == BatchScan.HEADER || found == BatchScan.INCOMPLETE;
      damagedTo = found == BatchScan.WHOLE ? walk.nextPosition() : fileSizeBytes;
      if (problem == null) {
        checkOrder(batch);
        changedEpochs |= learnEpoch(batch, epochs);
        build.add(endOffset, sizeBytes, walk.maxTimestamp(), batch.appendTimestamp());
        endOffset = batch.nextOffset();
        sizeBytes = walk.nextPosition();
      }
    }
    beganAt = from;
    readBytes = (long) sizeBytes - from;
    return changedEpochs;
  }

  /** Begins at the last index entry before the recovery point, if a good batch stands there. */
  private void startNear(Disk disk, Path directory, long recoveryPoint) throws IOException {
    if (recoveryPoint <= baseOffset) {
      return;
    }
    IndexFile.Content content =
        IndexFile.load(
            disk,
            DataPaths.index(directory, baseOffset),
            baseOffset,
            fileSizeBytes,
            Integer.MAX_VALUE);
    SparseIndex index = content.index();
    entriesOnDisk = content.problem() == null ? index.count() : -1;
    int entry = index.floorByOffset(recoveryPoint - baseOffset);
    if (entry < 0) {
      return;
    }
    int position = index.position(entry);
    long offset = baseOffset + index.offsetDelta(entry);
    walk.whole(log, position, fileSizeBytes);
    boolean good =
        walk.next() == BatchScan.WHOLE
            && walk.batch().baseOffset() == offset
            && walk.batch().checksumMatches();
    if (!good) {
      return; // either is damaged: reading from the start will tell
    }
    long maxTimestampBefore = index.maxTimestampBefore(entry);
    index.cut(position + 1);
    build = new IndexBuild(baseOffset, indexIntervalBytes, index);
    build.startsAfter(maxTimestampBefore);
    sizeBytes = position;
    endOffset = offset;
  }

  private @Nullable String problem(BatchScan found, BatchView batch) {
    return switch (found) {
      case WHOLE -> batch.checksumMatches() ? null : "a checksum does not match";
      case HEADER, INCOMPLETE -> "a batch is cut short";
      case END -> "a zero byte stands where a batch should begin";
      case MALFORMED -> String.valueOf(batch.problem());
    };
  }

  private void checkOrder(BatchView batch) throws CorruptLogException {
    if (batch.baseOffset() != endOffset) {
      throw new CorruptLogException(
          log.path()
              + " has offset "
              + batch.baseOffset()
              + " at position "
              + sizeBytes
              + " where "
              + endOffset
              + " comes next");
    }
  }

  private boolean learnEpoch(BatchView batch, EpochHistory epochs) throws CorruptLogException {
    try {
      return epochs.learn(batch.leaderEpoch(), endOffset);
    } catch (CorruptLogException e) {
      throw new CorruptLogException(log.path() + ": " + e.getMessage());
    }
  }

  /** From here on it was read: all that lies above the recovery point, and a little before. */
  int beganAt() {
    return beganAt;
  }

  /** Up to here the file is good. */
  int sizeBytes() {
    return sizeBytes;
  }

  /** The bad batch goes on beyond the file's end, or says so. */
  boolean isCutShort() {
    return isCutShort;
  }

  /** Where the bad batch ends, as far as that can be told, or the file. */
  int damagedTo() {
    return damagedTo;
  }

  long endOffset() {
    return endOffset;
  }

  long maxTimestamp() {
    return build.maxTimestamp();
  }

  long lastAppendMillis() {
    return build.lastAppendMillis();
  }

  SparseIndex index() {
    return build.index();
  }

  /** Whether the file of the index has all of it, once the segment has been read to its end. */
  boolean isIndexOnDisk() {
    return build.index().count() == entriesOnDisk;
  }

  long readBytes() {
    return readBytes;
  }

  /** What is wrong behind that; null when the file is good to its end. */
  @Nullable String problem() {
    return problem;
  }
}
