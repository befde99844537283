package io.millrace.storage.log;

import io.millrace.rpc.EventLoop;
import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.FileKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the files of segments away that lie before their log's start, which is durable already: a
 * crash here leaves files that the next opening of the log takes away. Owner: the housekeeping
 * worker; {@link #remove} may be called from any thread.
 *
 * <p>First they get another name, after a delay they are deleted, so that somebody who sees them go
 * by mistake has a moment; at once when space is scarce. Who reads from one keeps its handle.
 */
final class SegmentRemoval {
  private static final Logger LOG = LoggerFactory.getLogger(SegmentRemoval.class);

  /** With less than this left on the disk nothing waits. */
  private static final long SCARCE_BYTES = 256L << 20;

  /** More than so many lines a minute are summed up in one. */
  private static final int LINES_A_MINUTE = 20;

  private static final long MINUTE_NANOS = 60_000_000_000L;

  private final Disk disk;
  private final EventLoop housekeeping;
  private final long delayNanos;
  private final StorageCounters counters;

  // Housekeeping's: what this minute has told, and what it has not.
  private int lines;
  private int untoldLogs;
  private long untoldSegments;
  private long untoldBytes;

  SegmentRemoval(Disk disk, EventLoop housekeeping, long delayMillis, StorageCounters counters) {
    this.disk = disk;
    this.housekeeping = housekeeping;
    this.delayNanos = delayMillis * 1_000_000;
    this.counters = counters;
  }

  /** A segment that nobody will open any more. */
  record Gone(Path logPath, Path indexPath, Path producersPath, long sizeBytes) {
    static Gone of(Segment segment) {
      return new Gone(
          segment.logPath(), segment.indexPath(), segment.producersPath(), segment.sizeBytes());
    }
  }

  /**
   * What went from one log.
   *
   * @param segments oldest first
   * @param from first offset that went
   * @param to the log's start now
   * @param why as a clause
   */
  record Removed(PartitionName name, List<Gone> segments, long from, long to, String why) {
    long sizeBytes() {
      return segments.stream().mapToLong(Gone::sizeBytes).sum();
    }
  }

  /** Any thread. */
  void remove(Removed removed) {
    housekeeping.execute(() -> carryOut(removed));
  }

  private void carryOut(Removed removed) {
    counters.removed(removed.segments().size(), removed.sizeBytes());
    tell(removed);
    for (Gone gone : removed.segments()) {
      try {
        deleteIfThere(gone.indexPath());
        deleteIfThere(gone.producersPath());
        if (disk.kind(gone.logPath()) != FileKind.ABSENT) {
          Path renamed = DataPaths.deleted(gone.logPath());
          disk.rename(gone.logPath(), renamed);
          deleteLater(renamed);
        }
      } catch (IOException e) {
        LOG.warn(
            "{} could not be removed and stays until {} is opened again: {}",
            gone.logPath(),
            removed.name(),
            e.toString());
      }
    }
  }

  private void deleteIfThere(Path path) throws IOException {
    if (disk.kind(path) != FileKind.ABSENT) {
      disk.delete(path);
    }
  }

  private void deleteLater(Path path) throws IOException {
    if (delayNanos == 0 || disk.usableBytes(path) < SCARCE_BYTES) {
      disk.delete(path);
    } else {
      housekeeping.schedule(delayNanos, () -> delete(path));
    }
  }

  private void delete(Path path) {
    try {
      if (disk.kind(path) != FileKind.ABSENT) { // the partition may have gone as a whole
        disk.delete(path);
      }
    } catch (IOException e) {
      LOG.warn("{} could not be deleted: {}", path, e.toString());
    }
  }

  private void tell(Removed removed) {
    if (lines == 0 && untoldLogs == 0) {
      housekeeping.schedule(MINUTE_NANOS, this::endMinute);
    }
    if (lines < LINES_A_MINUTE) {
      lines++;
      LOG.info(
          "{}: removed {}, {}, offsets {} to {}, {}",
          removed.name(),
          Wording.count(removed.segments().size(), "segment"),
          Wording.bytes(removed.sizeBytes()),
          removed.from(),
          removed.to() - 1,
          removed.why());
    } else {
      untoldLogs++;
      untoldSegments += removed.segments().size();
      untoldBytes += removed.sizeBytes();
    }
  }

  private void endMinute() {
    if (untoldLogs > 0) {
      LOG.info(
          "removed {}, {}, from other partitions in {} steps within a minute",
          Wording.count(untoldSegments, "segment"),
          Wording.bytes(untoldBytes),
          untoldLogs);
    }
    lines = 0;
    untoldLogs = 0;
    untoldSegments = 0;
    untoldBytes = 0;
  }
}
