package io.millrace.storage.log;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.FileKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * Writes a closed segment again with other bytes where it is damaged, beside it: what belongs there
 * takes more or less room than what stands there. Any thread; blocks on the disk.
 */
final class SegmentMend {
  private static final int BUFFER_BYTES = 1 << 18;
  private static final int WINDOW_BYTES = 1 << 16;

  private SegmentMend() {}

  /**
   * @param right whole batches of just the offsets that are damaged
   * @return forced; to take the segment's place
   */
  static SegmentCompaction.Written write(
      Disk disk,
      CompactionFacts.ClosedSegment segment,
      LogDamage damage,
      ByteBuffer right,
      int indexIntervalBytes)
      throws IOException {
    long size = segment.sizeBytes() - (long) damage.sizeBytes() + right.remaining();
    if (size > Integer.MAX_VALUE) {
      throw new IOException(segment.log() + " would become larger than a segment can be");
    }
    Path target = DataPaths.unfinished(segment.log());
    if (disk.kind(target) != FileKind.ABSENT) {
      disk.delete(target);
    }
    IndexBuild.Built built;
    try (DiskFile from = disk.openForReading(segment.log());
        DiskFile to = disk.create(target)) {
      int position = copy(from, 0, damage.position(), to, 0);
      int length = right.remaining();
      to.write(position, right.duplicate());
      copy(from, damage.endPosition(), segment.sizeBytes(), to, position + length);
      to.force();
      built =
          IndexBuild.byHeaders(
              new BatchWalk(WINDOW_BYTES),
              to,
              (int) size,
              segment.baseOffset(),
              indexIntervalBytes,
              SparseIndex.MAX_ENTRIES);
    }
    if (built.endOffset() != segment.endOffset()) {
      throw new CorruptLogException(
          segment.log()
              + " would end at offset "
              + built.endOffset()
              + " instead of "
              + segment.endOffset());
    }
    return new SegmentCompaction.Written(target, built.index(), built.seal((int) size));
  }

  /** Returns where the copy ends. */
  private static int copy(DiskFile from, int begin, int end, DiskFile to, int at)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(Math.min(BUFFER_BYTES, Math.max(1, end - begin)));
    int position = begin;
    while (position < end) {
      buffer.clear().limit(Math.min(buffer.capacity(), end - position));
      int read = from.read(position, buffer);
      if (read <= 0) {
        throw new CorruptLogException(from.path() + " has become shorter than it was");
      }
      to.write(at + position - begin, buffer.flip());
      position += read;
    }
    return at + end - begin;
  }
}
