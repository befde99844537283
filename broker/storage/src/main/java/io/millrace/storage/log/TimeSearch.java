package io.millrace.storage.log;

import io.millrace.storage.files.DiskFile;
import io.millrace.wire.BatchScan;
import io.millrace.wire.BatchView;
import io.millrace.wire.RecordCursor;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks for the first record at or after a time. Made on the owner with what stands then; runs on
 * the cold-read worker, since it may have to look into every segment of a log.
 */
final class TimeSearch {
  /** As much as the largest batch may decompress to. */
  private static final int MAX_DECOMPRESSED_BYTES = 256 << 20;

  private final LogContext context;
  private final List<Part> parts = new ArrayList<>();
  private final long startOffset;
  private final long timestamp;
  private final long visibleEnd;
  private final int indexIntervalBytes;

  private final List<Learned> learned = new ArrayList<>();
  private @Nullable TimedOffset found;

  /** A segment as it stands. */
  private record Part(Path log, Path index, long baseOffset, int sizeBytes, boolean sealed) {}

  /** The latest record time of a closed segment. */
  record Learned(long baseOffset, long maxTimestamp) {}

  /**
   * @param visibleEnd nothing at or behind this offset counts
   */
  TimeSearch(LogState state, long timestamp, long visibleEnd) {
    this.context = state.context;
    this.startOffset = state.startOffset;
    this.timestamp = timestamp;
    this.visibleEnd = visibleEnd;
    this.indexIntervalBytes = state.config.indexIntervalBytes();
    for (int i = 0; i < state.segments.count(); i++) {
      Segment segment = state.segments.get(i);
      boolean tooOld =
          segment.maxTimestamp() != Segment.NO_TIMESTAMP && segment.maxTimestamp() < timestamp;
      if (segment.baseOffset() < visibleEnd && segment.sizeBytes() > 0 && !tooOld) {
        parts.add(
            new Part(
                segment.logPath(),
                segment.indexPath(),
                segment.baseOffset(),
                segment.sizeBytes(),
                segment.isSealed()));
      }
    }
  }

  /** Whether there is nothing to look into. */
  boolean isHopeless() {
    return parts.isEmpty();
  }

  /** On the worker. */
  void run(BatchWalk walk) throws IOException {
    for (Part part : parts) {
      try (DiskFile file = context.disk().openForReading(part.log())) {
        found = search(part, file, walk);
      } catch (NoSuchFileException e) {
        // Retention has taken the segment meanwhile; whoever asked looks whether it may matter.
        continue;
      }
      if (found != null) {
        return;
      }
    }
  }

  private @Nullable TimedOffset search(Part part, DiskFile file, BatchWalk walk)
      throws IOException {
    IndexFile.Content content =
        IndexFile.load(
            context.disk(),
            part.index(),
            part.baseOffset(),
            part.sizeBytes(),
            SparseIndex.MAX_ENTRIES);
    SparseIndex index = content.index();
    if (part.sealed()) {
      IndexFile.Seal seal = content.seal();
      if (seal == null) {
        IndexBuild.Built built =
            IndexBuild.byHeaders(
                walk,
                file,
                part.sizeBytes(),
                part.baseOffset(),
                indexIntervalBytes,
                SparseIndex.MAX_ENTRIES);
        index = built.index();
        seal = built.seal(part.sizeBytes());
      }
      learned.add(new Learned(part.baseOffset(), seal.maxTimestamp()));
      if (seal.maxTimestamp() < timestamp) {
        return null;
      }
    }
    int entry = index.floorByTime(timestamp);
    walk.headers(file, entry < 0 ? 0 : index.position(entry), part.sizeBytes());
    if (entry >= 0 && !standsAt(walk, part, index, entry)) {
      walk.headers(file, 0, part.sizeBytes()); // the index leads nowhere: all is read
    } else if (entry >= 0) {
      walk.headers(file, index.position(entry), part.sizeBytes());
    }
    return search(part, file, walk, part.sizeBytes());
  }

  private static boolean standsAt(BatchWalk walk, Part part, SparseIndex index, int entry)
      throws IOException {
    return walk.next() == BatchScan.WHOLE
        && walk.batch().baseOffset() == part.baseOffset() + index.offsetDelta(entry);
  }

  private @Nullable TimedOffset search(Part part, DiskFile file, BatchWalk walk, int sizeBytes)
      throws IOException {
    while (walk.nextPosition() < sizeBytes) {
      if (walk.next() != BatchScan.WHOLE) {
        throw new CorruptLogException(
            part.log() + " has no whole batch at position " + walk.position());
      }
      BatchView batch = walk.batch();
      if (batch.baseOffset() >= visibleEnd) {
        return null;
      }
      if (walk.maxTimestamp() >= timestamp && batch.nextOffset() > startOffset) {
        TimedOffset record =
            RecordSearch.firstAtOrAfter(
                file,
                walk,
                timestamp,
                startOffset,
                new RecordCursor(MAX_DECOMPRESSED_BYTES),
                part.log());
        if (record != null) {
          return record.offset() < visibleEnd ? record : null;
        }
      }
    }
    return null;
  }

  // --- On the owner, once it has run.

  @Nullable TimedOffset found() {
    return found;
  }

  List<Learned> learned() {
    return learned;
  }
}
