package io.millrace.storage.log;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.directory.LogEnd;
import io.millrace.storage.files.DirectoryEntry;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.producers.ProducerLimits;
import io.millrace.storage.producers.ProducerTable;
import io.millrace.storage.producers.ProducersFile;
import io.millrace.wire.BatchScan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the table of a log's producers: from the newest file that can be believed, and the headers
 * of the batches behind it. Blocks on the disk; any thread that has the log to itself.
 */
final class ProducerRebuild {
  private static final Logger LOG = LoggerFactory.getLogger(ProducerRebuild.class);

  private static final int WINDOW_BYTES = 1 << 16;

  /** For {@link #deleteBehind}: no file stays. */
  static final long ALL = -1;

  private ProducerRebuild() {}

  /**
   * A segment, as far as it belongs to the log.
   *
   * @param endOffset of its last batch that does, and the next one's first
   */
  record Part(Path log, Path index, long baseOffset, long endOffset, int sizeBytes) {
    static Part of(Segment segment) {
      return new Part(
          segment.logPath(),
          segment.indexPath(),
          segment.baseOffset(),
          segment.endOffset(),
          segment.sizeBytes());
    }
  }

  /**
   * A table that is the caller's.
   *
   * @param newest offset of the newest file, -1 when there is none
   */
  record Rebuilt(ProducerTable table, long newest) {
    /** Of a log without batches. */
    static Rebuilt ofNothing(long beginsAt) {
      return new Rebuilt(new ProducerTable(ProducerLimits.DEFAULT), beginsAt);
    }
  }

  /**
   * At the opening of a log.
   *
   * @param cleanEnd as a clean stop has left it, if it did
   */
  static Rebuilt open(
      Disk disk, Path directory, LogRecovery.Recovered recovered, @Nullable LogEnd cleanEnd)
      throws IOException {
    long end = recovered.endOffset();
    if (cleanEnd != null && recovered.report().clean() && cleanEnd.endOffset() == end) {
      ProducerTable table =
          cleanEnd.producers() == LogEnd.NO_PRODUCERS
              ? new ProducerTable(ProducerLimits.DEFAULT)
              : read(disk, directory, cleanEnd.producers(), recovered.epochs());
      if (table != null) {
        return new Rebuilt(table, end);
      }
    }
    List<Part> parts = recovered.segments().stream().map(Part::of).toList();
    if (deleteBehind(disk, directory, end)) {
      disk.syncDirectory(
          directory); // or it would come back, and be believed, once the log has grown
    }
    return rebuild(disk, directory, parts, recovered.epochs());
  }

  /**
   * Deletes files of offsets behind the log's end: other batches may come to stand there.
   *
   * @return whether there were any, so that the directory is to be synced
   */
  static boolean deleteBehind(Disk disk, Path directory, long endOffset) throws IOException {
    boolean deleted = false;
    for (long offset : offsets(disk, directory)) {
      if (offset > endOffset) {
        disk.delete(DataPaths.producers(directory, offset));
        deleted = true;
      }
    }
    return deleted;
  }

  /** Descending. */
  private static List<Long> offsets(Disk disk, Path directory) throws IOException {
    List<Long> offsets = new ArrayList<>();
    for (DirectoryEntry entry : disk.list(directory)) {
      OptionalLong offset = DataPaths.producersOffset(entry.name());
      if (entry.isFile() && offset.isPresent()) {
        offsets.add(offset.getAsLong());
      }
    }
    offsets.sort(Comparator.reverseOrder());
    return offsets;
  }

  /**
   * Makes the table again.
   *
   * @param parts all of the log, ascending, at least one
   */
  static Rebuilt rebuild(Disk disk, Path directory, List<Part> parts, EpochHistory epochs)
      throws IOException {
    long first = parts.get(0).baseOffset();
    ProducerTable table = null;
    long from = first;
    long newest = -1;
    for (long offset : offsets(disk, directory)) {
      // One that lies before the first batch says nothing of those between.
      if (offset >= first && table == null) {
        table = read(disk, directory, offset, epochs);
        from = table == null ? first : offset;
        newest = table == null ? -1 : offset;
      }
    }
    if (table == null) {
      table = new ProducerTable(ProducerLimits.DEFAULT);
    }
    BatchWalk walk = new BatchWalk(WINDOW_BYTES);
    for (Part part : parts) {
      if (part.endOffset() > from && !replay(disk, walk, part, from, table)) {
        // Who is remembered from before the damage may have written more since.
        table = new ProducerTable(ProducerLimits.DEFAULT);
      }
    }
    return new Rebuilt(table, newest);
  }

  private static @Nullable ProducerTable read(
      Disk disk, Path directory, long offset, EpochHistory epochs) throws IOException {
    Path path = DataPaths.producers(directory, offset);
    ProducersFile.Content content = ProducersFile.read(disk, path, offset, ProducerLimits.DEFAULT);
    if (content == null) {
      LOG.warn("{} is missing or damaged; what it said is read from the log again", path);
      return null;
    }
    int epoch = epochs.epochAt(offset - 1);
    if (epoch != EpochHistory.NONE && epoch != content.lastEpoch()) {
      LOG.warn("{} is of another log; what it should say is read from the log again", path);
      return null;
    }
    return content.table();
  }

  /** False when the segment is damaged where it should tell of producers. */
  private static boolean replay(Disk disk, BatchWalk walk, Part part, long from, ProducerTable into)
      throws IOException {
    try (DiskFile log = disk.openForReading(part.log())) {
      int position = from <= part.baseOffset() ? 0 : start(disk, walk, log, part, from);
      walk.headers(log, position, part.sizeBytes());
      while (walk.nextPosition() < part.sizeBytes()) {
        if (walk.next() != BatchScan.WHOLE) {
          LOG.warn("{} is damaged at position {}", part.log(), walk.position());
          return false;
        }
        if (walk.batch().baseOffset() >= from) {
          into.learn(walk.batch());
        }
      }
      return true;
    }
  }

  /** Of a batch at or before the offset, as near as the index tells. */
  private static int start(Disk disk, BatchWalk walk, DiskFile log, Part part, long from)
      throws IOException {
    SparseIndex index =
        IndexFile.load(disk, part.index(), part.baseOffset(), part.sizeBytes(), Integer.MAX_VALUE)
            .index();
    int entry = index.floorByOffset(from - part.baseOffset());
    if (entry < 0) {
      return 0;
    }
    walk.headers(log, index.position(entry), part.sizeBytes());
    boolean good =
        walk.next() == BatchScan.WHOLE
            && walk.batch().baseOffset() == part.baseOffset() + index.offsetDelta(entry);
    return good ? index.position(entry) : 0;
  }
}
