package io.millrace.storage.log;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.DirectoryEntry;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.FileKind;
import io.millrace.wire.BatchScan;
import io.millrace.wire.BatchView;
import io.millrace.wire.CorruptBatchException;
import io.millrace.wire.RecordCursor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Shows what is in a log's files, without a broker and without changing anything. Goes on behind
 * damage where it finds the next whole batch. Blocks on the disk; one thread.
 */
public final class LogDump {
  private static final int MAX_DECOMPRESSED_BYTES = 256 << 20;

  private final Disk disk;
  private final boolean withRecords;
  private final Consumer<DumpItem> sink;

  /**
   * @param withRecords not only the batches' headers
   * @param sink gets what is found, in order
   */
  public LogDump(Disk disk, boolean withRecords, Consumer<DumpItem> sink) {
    this.disk = disk;
    this.withRecords = withRecords;
    this.sink = sink;
  }

  /**
   * Looks at a segment file, an index file, or a partition's directory with all of these.
   *
   * @throws NoSuchFileException when nothing is there
   * @throws IllegalArgumentException when it is something else, with a text for the user
   */
  public void dump(Path path) throws IOException {
    FileKind kind = disk.kind(path);
    String name = String.valueOf(path.getFileName());
    OptionalLong base = DataPaths.baseOffset(name);
    if (kind == FileKind.ABSENT) {
      throw new NoSuchFileException(path.toString());
    }
    if (kind == FileKind.DIRECTORY) {
      dumpDirectory(path);
    } else if (base.isPresent() && name.endsWith(DataPaths.LOG_SUFFIX)) {
      dumpLog(path, base.getAsLong());
    } else if (base.isPresent()) {
      dumpIndex(path, base.getAsLong());
    } else {
      throw new IllegalArgumentException(
          path + " is neither a segment (.log) nor an index (.index) nor a partition's directory");
    }
  }

  private void dumpDirectory(Path directory) throws IOException {
    EpochHistory epochs = EpochHistory.read(disk, directory);
    sink.accept(new DumpItem.OfFile(DataPaths.leaderEpochs(directory), 0));
    if (epochs == null) {
      problem(DataPaths.leaderEpochs(directory), -1, "it is damaged");
    } else {
      for (EpochHistory.Entry entry : epochs.entries()) {
        sink.accept(new DumpItem.OfEpoch(entry.epoch(), entry.startOffset()));
      }
    }
    for (DirectoryEntry entry : disk.list(directory)) {
      OptionalLong base = DataPaths.baseOffset(entry.name());
      if (base.isPresent()) {
        dump(directory.resolve(entry.name()));
      }
    }
  }

  private void dumpLog(Path path, long baseOffset) throws IOException {
    try (DiskFile log = disk.openForReading(path)) {
      long size = log.size();
      sink.accept(new DumpItem.OfFile(path, size));
      int limit = (int) Math.min(size, Integer.MAX_VALUE);
      BatchWalk walk = new BatchWalk(1 << 20).whole(log, 0, limit);
      while (walk.nextPosition() < limit) {
        BatchScan found = walk.next();
        if (found == BatchScan.WHOLE) {
          dumpBatch(path, walk);
        } else {
          problem(path, walk.position(), describe(found, walk.batch()));
          int next = new LaterBatches(log, limit, baseOffset).next(walk.position() + 1);
          if (next < 0) {
            return;
          }
          walk.whole(log, next, limit);
        }
      }
    }
  }

  /** Why there is no whole batch. */
  static String describe(BatchScan found, BatchView batch) {
    return switch (found) {
      case WHOLE -> "a batch";
      case HEADER, INCOMPLETE -> "a batch is cut short";
      case END -> "a zero byte stands where a batch should begin";
      case MALFORMED -> "this is no batch: " + batch.problem();
    };
  }

  private void dumpBatch(Path path, BatchWalk walk) {
    BatchView batch = walk.batch();
    boolean good = batch.checksumMatches();
    sink.accept(
        new DumpItem.OfBatch(
            walk.position(),
            batch.sizeBytes(),
            batch.baseOffset(),
            batch.lastOffset(),
            batch.leaderEpoch(),
            batch.appendTimestamp(),
            batch.maxTimestamp(),
            batch.recordCount(),
            batch.compressionId(),
            batch.attributes(),
            batch.producerId(),
            batch.producerEpoch(),
            batch.baseSequence(),
            good));
    if (good && withRecords) {
      try {
        RecordCursor records = new RecordCursor(MAX_DECOMPRESSED_BYTES).over(batch);
        while (records.next()) {
          sink.accept(
              new DumpItem.OfRecord(
                  records.offset(),
                  records.timestamp(),
                  copy(records.key()),
                  copy(records.value()),
                  records.headers().size()));
        }
      } catch (CorruptBatchException e) {
        problem(path, walk.position(), String.valueOf(e.getMessage()));
      }
    }
  }

  private static @Nullable ByteBuffer copy(@Nullable ByteBuffer bytes) {
    return bytes == null
        ? null
        : ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate()).flip();
  }

  private void dumpIndex(Path path, long baseOffset) throws IOException {
    long size;
    try (DiskFile file = disk.openForReading(path)) {
      size = file.size();
    }
    sink.accept(new DumpItem.OfFile(path, size));
    IndexFile.Content content =
        IndexFile.load(disk, path, baseOffset, IndexFile.ANY_LOG_SIZE, Integer.MAX_VALUE);
    SparseIndex index = content.index();
    for (int i = 0; i < index.count(); i++) {
      sink.accept(
          new DumpItem.OfIndexEntry(
              baseOffset + index.offsetDelta(i), index.position(i), index.maxTimestampBefore(i)));
    }
    IndexFile.Seal seal = content.seal();
    if (seal != null) {
      sink.accept(
          new DumpItem.OfIndexSeal(
              seal.endOffset(), seal.sizeBytes(), seal.maxTimestamp(), seal.lastAppendMillis()));
    }
    if (content.problem() != null) {
      sink.accept(
          new DumpItem.OfProblem(
              new Finding(
                  Finding.Severity.REPAIRABLE, path, content.validBytes(), content.problem())));
    }
  }

  private void problem(Path path, long position, String what) {
    sink.accept(new DumpItem.OfProblem(new Finding(Finding.Severity.DAMAGE, path, position, what)));
  }
}
