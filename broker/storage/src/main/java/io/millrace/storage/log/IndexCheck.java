package io.millrace.storage.log;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.Disk;
import java.io.IOException;
import java.nio.file.Path;

/** Holds an index against the batches of its segment, as these are read. */
final class IndexCheck {
  /** Takes what is wrong. */
  interface Sink {
    void found(Finding.Severity severity, Path file, long position, String what);
  }

  private final Path path;
  private final long baseOffset;
  private final IndexFile.Content content;
  private final Sink sink;

  private int nextEntry;
  private long maxTimestamp = Segment.NO_TIMESTAMP;
  private long lastAppendMillis = Segment.NO_TIMESTAMP;
  private boolean wrong;

  IndexCheck(Disk disk, Path log, long baseOffset, int logSizeBytes, Sink sink) throws IOException {
    Path directory = log.toAbsolutePath().getParent();
    this.path = DataPaths.index(directory == null ? log : directory, baseOffset);
    this.baseOffset = baseOffset;
    this.sink = sink;
    this.content = IndexFile.load(disk, path, baseOffset, logSizeBytes, Integer.MAX_VALUE);
  }

  /** A good batch, in the order of the log. */
  void batch(long offset, int position, long batchMaxTimestamp, long appendMillis) {
    SparseIndex index = content.index();
    while (nextEntry < index.count() && index.position(nextEntry) < position) {
      wrong(index.position(nextEntry), "an entry points between batches");
      nextEntry++;
    }
    if (nextEntry < index.count() && index.position(nextEntry) == position) {
      if (baseOffset + index.offsetDelta(nextEntry) != offset) {
        wrong(position, "an entry names another offset than " + offset);
      }
      if (index.maxTimestampBefore(nextEntry) != maxTimestamp) {
        wrong(position, "an entry names another time than " + maxTimestamp);
      }
      nextEntry++;
    }
    maxTimestamp = Math.max(maxTimestamp, batchMaxTimestamp);
    lastAppendMillis = Math.max(lastAppendMillis, appendMillis);
  }

  private void wrong(long position, String what) {
    if (!wrong) {
      sink.found(Finding.Severity.REPAIRABLE, path, position, what);
    }
    wrong = true; // one line for each index is enough
  }

  /** The log has been read. */
  void end(long endOffset, boolean active) {
    if (nextEntry < content.index().count()) {
      wrong(-1, "an entry points to no batch");
    }
    IndexFile.Seal seal = content.seal();
    boolean noneYet = active && content.validBytes() == 0;
    if (content.problem() != null && !noneYet) {
      wrong(content.validBytes(), content.problem());
    } else if (!active && seal == null) {
      wrong(-1, "the segment takes no more, but its index has no seal");
    }
    if (seal != null && (seal.endOffset() != endOffset || seal.maxTimestamp() != maxTimestamp)) {
      wrong(-1, "its seal tells of another end than " + endOffset);
    } else if (seal != null
        && seal.lastAppendMillis() != Segment.NO_TIMESTAMP
        && seal.lastAppendMillis() != lastAppendMillis) {
      wrong(-1, "its seal tells of another last append than at " + lastAppendMillis);
    }
  }
}
