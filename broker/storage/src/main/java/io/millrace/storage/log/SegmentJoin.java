package io.millrace.storage.log;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.FileKind;
import io.millrace.wire.BatchScan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes neighbouring closed segments into one file, batch by batch as they stand, each looked at
 * on the way: damage is found here and not carried on. On the housekeeping worker, a piece at a
 * time.
 */
final class SegmentJoin implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 18;

  /** A force takes little at a time: others' forces share the disk. */
  private static final int FORCE_BYTES = 32 << 20;

  private final Disk disk;
  private final List<CompactionFacts.ClosedSegment> segments;
  private final Path target;
  private final BatchWalk walk;
  private final IndexBuild index;
  private final DiskFile out;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);

  private int at;
  private @Nullable DiskFile source;
  private int position;
  private int outPosition;
  private int writtenBytes;
  private int unforced;
  private long next;
  private boolean isOver;

  /**
   * @param segments at least two, each of which ends where the next one begins
   * @param walk used by nobody else until this is closed
   */
  SegmentJoin(
      Disk disk,
      List<CompactionFacts.ClosedSegment> segments,
      int indexIntervalBytes,
      BatchWalk walk)
      throws IOException {
    this.disk = disk;
    this.segments = segments;
    this.walk = walk;
    long base = segments.get(0).baseOffset();
    this.target = DataPaths.cleaned(segments.get(0).log());
    this.index = new IndexBuild(base, indexIntervalBytes, new SparseIndex(SparseIndex.MAX_ENTRIES));
    this.next = base;
    if (disk.kind(target) != FileKind.ABSENT) {
      disk.delete(target); // of a pass that was given up
    }
    this.out = disk.create(target);
  }

  boolean isOver() {
    return isOver;
  }

  /** All before it has been copied. */
  long nextOffset() {
    return next;
  }

  /** Goes on: about so many bytes. Returns how many it has read. */
  int step(int bytes) throws IOException {
    CompactionFacts.ClosedSegment segment = segments.get(at);
    DiskFile open = source;
    if (open == null) {
      open = disk.openForReading(segment.log());
      source = open;
      position = 0;
      walk.whole(open, 0, segment.sizeBytes());
    }
    int began = position;
    while (position < segment.sizeBytes() && position - began < bytes) {
      BatchScan found = walk.next();
      if (found != BatchScan.WHOLE
          || walk.batch().baseOffset() != next
          || !walk.batch().checksumMatches()) {
        throw new CorruptLogException(
            segment.log() + " has no whole batch of offset " + next + " at " + position);
      }
      index.add(
          next, outPosition, BatchWalk.maxTimestamp(walk.batch()), walk.batch().appendTimestamp());
      copy(walk.bytes());
      position = walk.nextPosition();
      next = walk.batch().nextOffset();
    }
    int read = position - began;
    if (position >= segment.sizeBytes()) {
      closeSource();
      at++;
      if (at == segments.size()) {
        write(buffer.flip());
        out.force();
        isOver = true;
      }
    }
    return read;
  }

  private void copy(ByteBuffer batch) throws IOException {
    outPosition += batch.remaining();
    if (batch.remaining() > buffer.remaining()) {
      write(buffer.flip());
      buffer.clear();
    }
    if (batch.remaining() > buffer.remaining()) {
      write(batch);
    } else {
      buffer.put(batch);
    }
  }

  private void write(ByteBuffer bytes) throws IOException {
    int size = bytes.remaining();
    if (size == 0) {
      return;
    }
    out.write(writtenBytes, bytes);
    writtenBytes += size;
    unforced += size;
    if (unforced >= FORCE_BYTES) {
      out.force();
      unforced = 0;
    }
  }

  /** Once it is over. */
  SegmentCompaction.Written result() {
    return new SegmentCompaction.Written(
        target,
        index.index(),
        new IndexFile.Seal(next, outPosition, index.maxTimestamp(), index.lastAppendMillis()));
  }

  private void closeSource() throws IOException {
    DiskFile open = source;
    source = null;
    if (open != null) {
      open.close();
    }
  }

  @Override
  public void close() throws IOException {
    try (DiskFile written = out) {
      closeSource();
    }
  }
}
