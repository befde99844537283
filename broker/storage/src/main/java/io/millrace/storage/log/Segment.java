package io.millrace.storage.log;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * One segment of a log: a file of batches and the index beside it. Owned by the log's loop, but for
 * {@link #endOffset}, which the flush worker reads.
 */
final class Segment {
  static final long NO_TIMESTAMP = -1;
  private static final int PENDING_ENTRIES = 16;

  private final long baseOffset;
  private final Path logPath;
  private final Path indexPath;

  private int sizeBytes;
  // Written by the owner after the bytes before it are in the page cache: whoever forces the file
  // after reading it has forced at least so far.
  private volatile long endOffset;
  private long maxTimestamp;
  private long lastAppendMillis = NO_TIMESTAMP;
  private boolean sealed;

  // Files: `file` may have been closed behind our back unless it is pinned.
  private @Nullable SegmentFile file;
  private @Nullable SegmentFile pinned;

  // Index: in memory all of it (`indexComplete`), or what was appended since the log was opened, or
  // nothing; `pending` are the bytes that are to be written behind the index file.
  private @Nullable SparseIndex index;
  private boolean indexComplete;
  private int lastIndexedPosition = -1;
  private @Nullable ByteBuffer pending;

  private Segment(
      Path directory, long baseOffset, int sizeBytes, long endOffset, long maxTimestamp) {
    this.baseOffset = baseOffset;
    this.logPath = DataPaths.log(directory, baseOffset);
    this.indexPath = DataPaths.index(directory, baseOffset);
    this.sizeBytes = sizeBytes;
    this.endOffset = endOffset;
    this.maxTimestamp = maxTimestamp;
  }

  /** Makes the file of a new segment, and leaves it open and pinned. */
  static Segment create(LogContext log, long baseOffset) throws IOException {
    Segment segment = new Segment(log.directory(), baseOffset, 0, baseOffset, NO_TIMESTAMP);
    segment.index = new SparseIndex(SparseIndex.MAX_ENTRIES);
    segment.indexComplete = true;
    SegmentFile created = new SegmentFile(log.disk().create(segment.logPath));
    created.tryRetain();
    segment.file = created;
    segment.pinned = created;
    log.openFiles().add(created);
    return segment;
  }

  /** A segment as it was found. */
  static Segment found(Path directory, FoundSegment found, boolean sealed) {
    Segment segment =
        new Segment(
            directory,
            found.baseOffset(),
            found.sizeBytes(),
            found.endOffset(),
            found.maxTimestamp());
    segment.sealed = sealed;
    segment.lastAppendMillis = found.lastAppendMillis();
    return segment;
  }

  long baseOffset() {
    return baseOffset;
  }

  /** The next offset behind it. Any thread. */
  long endOffset() {
    return endOffset;
  }

  int sizeBytes() {
    return sizeBytes;
  }

  /** {@link #NO_TIMESTAMP} when it is empty, or sealed and never looked into. */
  long maxTimestamp() {
    return maxTimestamp;
  }

  void learnMaxTimestamp(long timestamp) {
    maxTimestamp = timestamp;
  }

  /** Latest append time in it; {@link #NO_TIMESTAMP} when it is empty or nobody has looked. */
  long lastAppendMillis() {
    return lastAppendMillis;
  }

  void learnLastAppend(long appendMillis) {
    lastAppendMillis = Math.max(lastAppendMillis, appendMillis);
  }

  boolean isSealed() {
    return sealed;
  }

  Path logPath() {
    return logPath;
  }

  Path indexPath() {
    return indexPath;
  }

  /** What was known of producers where it begins. */
  Path producersPath() {
    return logPath.resolveSibling(
        String.valueOf(logPath.getFileName())
            .replace(DataPaths.LOG_SUFFIX, DataPaths.PRODUCERS_SUFFIX));
  }

  /** Opens the file if needed; the caller releases what it gets. */
  SegmentFile retain(LogContext log) throws IOException {
    SegmentFile current = file;
    if (current != null && current.tryRetain()) {
      return current;
    }
    SegmentFile opened = new SegmentFile(openFile(log.disk()));
    opened.tryRetain();
    file = opened;
    log.openFiles().add(opened);
    return opened;
  }

  private io.millrace.storage.files.DiskFile openFile(Disk disk) throws IOException {
    return sealed ? disk.openForReading(logPath) : disk.open(logPath);
  }

  /**
   * For writing: stays open until {@link #unpin}. An error that the kernel meets while it writes
   * back is told only to those who had the file open.
   */
  SegmentFile pin(LogContext log) throws IOException {
    SegmentFile current = pinned;
    if (current == null) {
      current = retain(log);
      pinned = current;
    }
    return current;
  }

  void unpin() {
    SegmentFile current = pinned;
    if (current != null) {
      pinned = null;
      current.release();
    }
  }

  /** Lets go of the file; whoever else uses it may finish. */
  void closeFile(OpenFiles openFiles) {
    unpin();
    SegmentFile current = file;
    if (current != null) {
      file = null;
      openFiles.drop(current);
    }
  }

  /** The bytes are in the file. */
  void grown(int bytes, long newEndOffset, long newMaxTimestamp, long appendMillis) {
    sizeBytes += bytes;
    maxTimestamp = newMaxTimestamp;
    lastAppendMillis = Math.max(lastAppendMillis, appendMillis);
    endOffset = newEndOffset;
  }

  /** Back to an earlier end. */
  void cut(int newSizeBytes, long newEndOffset, long newMaxTimestamp, long newLastAppendMillis) {
    sizeBytes = newSizeBytes;
    endOffset = newEndOffset;
    maxTimestamp = newMaxTimestamp;
    lastAppendMillis = newLastAppendMillis;
    sealed = false;
    forgetIndex();
  }

  void forgetIndex() {
    index = null;
    indexComplete = false;
    pending = null;
    lastIndexedPosition = -1;
  }

  /** No more appends; the seal goes out with the next block of the index. */
  void seal() {
    sealed = true;
  }

  IndexFile.Seal sealRecord() {
    return new IndexFile.Seal(endOffset, sizeBytes, maxTimestamp, lastAppendMillis);
  }

  // --- index

  /** Position of the latest entry, -1 when nothing was indexed since the log was opened. */
  int lastIndexedPosition() {
    return lastIndexedPosition;
  }

  void addIndexEntry(int offsetDelta, int position, long maxTimestampBefore) {
    SparseIndex memory = index;
    if (memory == null) {
      memory = new SparseIndex(SparseIndex.MAX_ENTRIES);
      index = memory;
    }
    memory.add(offsetDelta, position, maxTimestampBefore);
    lastIndexedPosition = position;
    ByteBuffer bytes = pending;
    if (bytes == null || bytes.remaining() < IndexFile.ENTRY_SIZE) {
      int capacity = bytes == null ? PENDING_ENTRIES * IndexFile.ENTRY_SIZE : 2 * bytes.capacity();
      ByteBuffer larger = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN);
      bytes = bytes == null ? larger : larger.put(bytes.flip());
      pending = bytes;
    }
    IndexFile.putEntry(bytes, offsetDelta, position, maxTimestampBefore);
  }

  int pendingEntryCount() {
    return pending == null ? 0 : pending.position() / IndexFile.ENTRY_SIZE;
  }

  /** Takes the entries that wait to be written, as bytes. */
  ByteBuffer takePending() {
    ByteBuffer bytes = pending;
    pending = null;
    return bytes == null ? ByteBuffer.allocate(0) : bytes.flip();
  }

  /** What was appended since the log was opened, as far as it is in memory; null for none. */
  @Nullable SparseIndex addedIndex() {
    return index;
  }

  boolean hasCompleteIndex() {
    return indexComplete;
  }

  /** All entries, once {@link #completeIndex} has been called. */
  SparseIndex index() {
    if (index == null || !indexComplete) {
      throw new IllegalStateException(indexPath + " has not been loaded");
    }
    return index;
  }

  /** Puts what was in the file before what has been added since. */
  void completeIndex(SparseIndex loaded) {
    SparseIndex added = index;
    if (added != null) {
      int last = loaded.count() == 0 ? -1 : loaded.position(loaded.count() - 1);
      for (int i = 0; i < added.count(); i++) {
        if (added.position(i) > last) {
          loaded.add(added.offsetDelta(i), added.position(i), added.maxTimestampBefore(i));
        }
      }
    }
    index = loaded;
    indexComplete = true;
  }

  @Override
  public String toString() {
    return logPath.toString();
  }
}
