package io.millrace.storage.log;

import io.millrace.storage.compaction.KeyMap;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.wire.BatchScan;
import io.millrace.wire.CorruptBatchException;
import io.millrace.wire.RecordCursor;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Notes the latest offset of each key in a segment: the first half of a pass. On the housekeeping
 * worker.
 */
final class KeyScan implements AutoCloseable {
  private final CompactionFacts.ClosedSegment segment;
  private final DiskFile file;
  private final BatchWalk walk;
  private final RecordCursor records;
  private final KeyMap keys;
  private final long from;
  private long next;
  private boolean isFull;

  /**
   * @param from batches before this offset have been compacted, and are passed over
   * @param walk used by nobody else until this is closed
   */
  KeyScan(
      Disk disk,
      CompactionFacts.ClosedSegment segment,
      long from,
      KeyMap keys,
      BatchWalk walk,
      RecordCursor records)
      throws IOException {
    this.segment = segment;
    this.file = disk.openForReading(segment.log());
    this.walk = walk.whole(file, 0, segment.sizeBytes());
    this.records = records;
    this.keys = keys;
    this.from = from;
    this.next = segment.baseOffset();
  }

  /** All keys before it have been noted. */
  long nextOffset() {
    return next;
  }

  /** A batch's keys did not fit any more: the pass ends before it. */
  boolean isFull() {
    return isFull;
  }

  boolean isOver() {
    return isFull || walk.nextPosition() >= segment.sizeBytes();
  }

  /** Reads on: about so many bytes. Returns how many it read. */
  int step(int bytes) throws IOException {
    int began = walk.nextPosition();
    while (!isOver() && walk.nextPosition() - began < bytes) {
      BatchScan found = walk.next();
      if (found != BatchScan.WHOLE
          || walk.batch().baseOffset() != next
          || !walk.batch().checksumMatches()) {
        throw new CorruptLogException(
            segment.log() + " has no whole batch of offset " + next + " at " + walk.position());
      }
      if (walk.batch().nextOffset() > from && !walk.batch().isControl()) {
        isFull = !note();
      }
      next = isFull ? next : walk.batch().nextOffset();
    }
    return walk.nextPosition() - began;
  }

  /** False when there is no room for all; what was noted is true all the same. */
  private boolean note() {
    try {
      records.over(walk.batch());
      while (records.next()) {
        ByteBuffer key = records.key();
        if (key != null && !keys.put(key, records.offset())) {
          return false;
        }
      }
    } catch (CorruptBatchException e) {
      return true; // stored as its producer made it: the batch stays as it is
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
