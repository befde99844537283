package io.millrace.storage.log;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.files.DirectoryEntry;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.producers.ProducerLimits;
import io.millrace.storage.producers.ProducersFile;
import io.millrace.wire.BatchScan;
import io.millrace.wire.BatchView;
import io.millrace.wire.CorruptBatchException;
import io.millrace.wire.RecordCursor;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads every byte of logs, without a broker and without changing anything: checksums, offsets,
 * epochs, records, indexes, and whether all of them tell the same story. Blocks on the disk; one
 * thread; of a log that a broker is writing to, the end may look unfinished.
 */
public final class LogVerify {
  private static final int MAX_DECOMPRESSED_BYTES = 256 << 20;

  private static final long UNKNOWN = -1;

  private final Disk disk;
  private final Consumer<Finding> sink;
  private final BatchWalk walk = new BatchWalk(1 << 20);
  private final RecordCursor records = new RecordCursor(MAX_DECOMPRESSED_BYTES);

  /** Of the batch before in the same segment. */
  private long lastAppendMillis;

  private int partitions;
  private int segments;
  private long batches;
  private long recordCount;
  private long bytes;
  private int damages;

  /**
   * @param sink gets what is not as it should be
   */
  public LogVerify(Disk disk, Consumer<Finding> sink) {
    this.disk = disk;
    this.sink = sink;
  }

  /**
   * What was read.
   *
   * @param damages findings of {@link Finding.Severity#DAMAGE}
   */
  public record Summary(
      int partitions, int segments, long batches, long records, long bytes, int damages) {}

  /**
   * Verifies a data directory, a partition's directory or a segment file.
   *
   * @throws NoSuchFileException when nothing is there
   * @throws IllegalArgumentException when it is something else, with a text for the user
   */
  public Summary verify(Path path) throws IOException {
    FileKind kind = disk.kind(path);
    String name = String.valueOf(path.getFileName());
    OptionalLong base = DataPaths.baseOffset(name);
    if (kind == FileKind.ABSENT) {
      throw new NoSuchFileException(path.toString());
    }
    if (kind == FileKind.DIRECTORY) {
      verifyDirectory(path);
    } else if (base.isPresent() && name.endsWith(DataPaths.LOG_SUFFIX)) {
      verifySegment(path, base.getAsLong(), null, true);
    } else {
      throw new IllegalArgumentException(
          path + " is neither a data directory nor a partition's nor a segment (.log)");
    }
    return new Summary(partitions, segments, batches, recordCount, bytes, damages);
  }

  private void verifyDirectory(Path directory) throws IOException {
    boolean isPartition = false;
    for (DirectoryEntry entry : disk.list(directory)) {
      if (entry.isDirectory() && PartitionName.parse(entry.name()).isPresent()) {
        verifyPartition(directory.resolve(entry.name()));
      }
      isPartition |= entry.isFile() && DataPaths.baseOffset(entry.name()).isPresent();
    }
    if (isPartition) {
      verifyPartition(directory);
    } else if (partitions == 0) {
      found(Finding.Severity.NOTE, directory, -1, "there is no partition in it");
    }
  }

  private void verifyPartition(Path directory) throws IOException {
    partitions++;
    EpochHistory epochs = EpochHistory.read(disk, directory);
    if (epochs == null) {
      Path file = DataPaths.leaderEpochs(directory);
      found(Finding.Severity.REPAIRABLE, file, -1, "the list of leader epochs is damaged");
    }
    long start = epochs == null ? 0 : epochs.start();
    List<Path> logs = new ArrayList<>();
    for (DirectoryEntry entry : disk.list(directory)) {
      OptionalLong base = DataPaths.baseOffset(entry.name());
      Path path = directory.resolve(entry.name());
      if (entry.isFile() && base.isPresent() && entry.name().endsWith(DataPaths.LOG_SUFFIX)) {
        logs.add(path);
      } else if (base.isPresent()) {
        if (disk.kind(DataPaths.log(directory, base.getAsLong())) != FileKind.FILE) {
          found(Finding.Severity.NOTE, path, -1, "it belongs to no segment");
        }
      } else if (entry.isFile() && DataPaths.producersOffset(entry.name()).isPresent()) {
        verifyProducers(path, DataPaths.producersOffset(entry.name()).getAsLong());
      } else if (DataPaths.isDeleted(entry.name())) {
        found(Finding.Severity.NOTE, path, -1, "retention has taken it: it is deleted soon");
      } else if (DataPaths.joined(entry.name()) != null) {
        found(
            Finding.Severity.NOTE,
            path,
            -1,
            "it takes the place of several segments when the broker starts; as it stands, some of"
                + " them may be missing");
      } else if (DataPaths.isCleaned(entry.name())) {
        found(Finding.Severity.NOTE, path, -1, "compaction was writing it: it is deleted soon");
      } else if (!path.equals(DataPaths.leaderEpochs(directory))
          && !path.equals(DataPaths.compaction(directory))) {
        found(Finding.Severity.NOTE, path, -1, "a stranger");
      }
    }
    passOver(logs, start);
    long end = UNKNOWN;
    for (int i = 0; i < logs.size(); i++) {
      Path log = logs.get(i);
      long base = baseOffset(log);
      if (end != UNKNOWN && base != end) {
        String what = base < end ? "it overlaps the segment before" : "a hole is before it";
        found(Finding.Severity.DAMAGE, log, 0, what + ", which ends at offset " + end);
      }
      if (i == 0 && epochs != null && !epochs.isEmpty() && base > start) {
        String what = "segments are missing before it: the log begins at offset " + start;
        found(Finding.Severity.DAMAGE, log, 0, what);
      }
      end = verifySegment(log, base, epochs, i == logs.size() - 1);
    }
    if (end != UNKNOWN && end < start) {
      String what = "the log is said to begin at offset " + start + ", but ends at " + end;
      found(Finding.Severity.DAMAGE, DataPaths.leaderEpochs(directory), -1, what);
    }
  }

  private void verifyProducers(Path path, long offset) throws IOException {
    if (ProducersFile.read(disk, path, offset, ProducerLimits.DEFAULT) == null) {
      String what = "it is damaged; what it said of producers is read from the log again";
      found(Finding.Severity.REPAIRABLE, path, -1, what);
    }
  }

  /** Segments before the start are no part of the log; a crash has left them. */
  private void passOver(List<Path> logs, long start) {
    while (logs.size() > 1 && baseOffset(logs.get(1)) <= start) {
      found(Finding.Severity.NOTE, logs.remove(0), -1, "it lies before the start of the log");
    }
  }

  private static long baseOffset(Path log) {
    return DataPaths.baseOffset(String.valueOf(log.getFileName())).orElseThrow();
  }

  /** Returns the offset behind the last good batch. */
  private long verifySegment(
      Path path, long baseOffset, @Nullable EpochHistory epochs, boolean last) throws IOException {
    segments++;
    try (DiskFile log = disk.openForReading(path)) {
      long size = log.size();
      if (size > Integer.MAX_VALUE) {
        found(Finding.Severity.DAMAGE, path, -1, "a segment has less than 2 GiB");
        return baseOffset;
      }
      bytes += size;
      IndexCheck index = new IndexCheck(disk, path, baseOffset, (int) size, this::found);
      walk.whole(log, 0, (int) size);
      long next = baseOffset;
      lastAppendMillis = Long.MIN_VALUE;
      while (walk.nextPosition() < size) {
        BatchScan found = walk.next();
        if (found == BatchScan.WHOLE && walk.batch().checksumMatches()) {
          next = verifyBatch(path, walk.batch(), next, epochs);
          index.batch(
              walk.batch().baseOffset(),
              walk.position(),
              walk.maxTimestamp(),
              walk.batch().appendTimestamp());
        } else if (skipDamage(log, found, next, last)) {
          next = UNKNOWN;
        } else {
          return next;
        }
      }
      index.end(next, last);
      return next;
    }
  }

  /** Goes on at the next whole batch; false when there is none. */
  private boolean skipDamage(DiskFile log, BatchScan found, long nextOffset, boolean last)
      throws IOException {
    int at = walk.position();
    int size = (int) log.size();
    String what =
        found == BatchScan.WHOLE
            ? "a checksum does not match"
            : LogDump.describe(found, walk.batch());
    int later = new LaterBatches(log, size, Math.max(0, nextOffset)).next(at + 1);
    if (last && later < 0) {
      found(
          Finding.Severity.REPAIRABLE,
          log.path(),
          at,
          what + ", and nothing follows: an unfinished write");
    } else {
      found(Finding.Severity.DAMAGE, log.path(), at, what);
    }
    if (later >= 0) {
      walk.whole(log, later, size);
    }
    return later >= 0;
  }

  /** Returns the next offset; {@code expected} is {@link #UNKNOWN} right behind damage. */
  private long verifyBatch(
      Path path, BatchView batch, long expected, @Nullable EpochHistory epochs) {
    batches++;
    int at = walk.position();
    if (expected != UNKNOWN && batch.baseOffset() != expected) {
      found(
          Finding.Severity.DAMAGE,
          path,
          at,
          "offset " + batch.baseOffset() + " stands where " + expected + " comes next");
    }
    if (epochs != null && epochs.epochAt(batch.baseOffset()) != batch.leaderEpoch()) {
      found(
          Finding.Severity.DAMAGE,
          path,
          at,
          "offset "
              + batch.baseOffset()
              + " is of epoch "
              + batch.leaderEpoch()
              + ", by the list of epochs of "
              + epochs.epochAt(batch.baseOffset()));
    }
    // No checksum covers it; nothing else would tell of a flipped bit.
    if (batch.appendTimestamp() < lastAppendMillis) {
      found(
          Finding.Severity.NOTE,
          path,
          at,
          "the append time goes back: a clock was set back, or this batch or the one before is"
              + " damaged there");
    }
    lastAppendMillis = batch.appendTimestamp();
    try {
      records.over(batch);
      while (records.next()) {
        recordCount++;
      }
    } catch (CorruptBatchException e) {
      found(Finding.Severity.DAMAGE, path, at, String.valueOf(e.getMessage()));
    }
    return batch.nextOffset();
  }

  private void found(Finding.Severity severity, Path file, long position, String what) {
    if (severity == Finding.Severity.DAMAGE) {
      damages++;
    }
    sink.accept(new Finding(severity, file, position, what));
  }
}
