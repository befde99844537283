package io.millrace.storage.log;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.DiskFullException;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.producers.ProducerTable;
import io.millrace.storage.producers.ProducersFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What one log has to bring to the disk: filled by {@link LogFlusher} on the owner, run on the
 * flush worker, looked at on the owner again.
 *
 * <p>The order is: leader epochs and start, segment data, the directory's names, the index. So no
 * epoch is missing from the list whose records count as flushed, and no index is ahead of its log.
 * What is known of producers comes last: it is a hint.
 */
final class FlushJob implements FlushQueue.Job {
  private final LogContext context;
  private final BiConsumer<FlushJob, @Nullable Throwable> onEnded;

  final List<Forced> forced = new ArrayList<>();
  final List<IndexWrite> indexes = new ArrayList<>();
  final List<ProducersWrite> producers = new ArrayList<>(0);
  boolean syncDirectory;

  /** Null when {@code leader-epochs} stands as it should. */
  @Nullable List<String> epochLines;

  /** The last leader epoch in these lines. */
  int epoch;

  /** Whether the epochs themselves are to be written, not only the start. */
  boolean epochsDirty;

  /** First offset of the log in what is written. */
  long start;

  /** Indexes of segments that go once the start is written. */
  List<Path> expendable = List.of();

  /** All below has been forced, once the job has run. */
  long covered;

  private @Nullable String epochsUnwritten;

  /**
   * @param onEnded on the owner; null when all went well
   */
  FlushJob(LogContext context, BiConsumer<FlushJob, @Nullable Throwable> onEnded) {
    this.context = context;
    this.onEnded = onEnded;
  }

  /** A segment with unforced bytes, whose file is retained for the job. */
  record Forced(Segment segment, SegmentFile file) {}

  /** One block for an index file. */
  record IndexWrite(Path path, ByteBuffer block, boolean last) {
    static IndexWrite of(Segment segment) {
      IndexFile.Seal seal = segment.isSealed() ? segment.sealRecord() : null;
      ByteBuffer block = IndexFile.block(segment.baseOffset(), segment.takePending(), seal);
      return new IndexWrite(segment.indexPath(), block, seal != null);
    }
  }

  /**
   * The file of a table.
   *
   * @param table nobody changes it any more
   * @param lastEpoch of the last batch before the offset
   * @param replaced an earlier file that is of no use then
   */
  record ProducersWrite(long offset, int lastEpoch, ProducerTable table, @Nullable Path replaced) {}

  @Override
  public void run() throws IOException {
    List<String> lines = epochLines;
    boolean written = lines != null && writeEpochs(lines);
    if (lines != null && !written && epochsDirty) {
      return;
    }
    for (Forced each : forced) {
      // Read before forcing: what is appended meanwhile may or may not be covered.
      long end = each.segment().endOffset();
      each.file().file().force();
      covered = end;
    }
    if (syncDirectory && !written) { // writing the epochs has synced it, after every name was made
      context.disk().syncDirectory(context.directory());
    }
    for (IndexWrite index : indexes) {
      append(context.disk(), index);
    }
    for (ProducersWrite write : producers) {
      write(context.disk(), write);
    }
  }

  private void write(Disk disk, ProducersWrite write) throws IOException {
    Path path = DataPaths.producers(context.directory(), write.offset());
    Path replaced = write.replaced();
    try {
      ProducersFile.write(disk, path, write.offset(), write.lastEpoch(), write.table());
    } catch (DiskFullException e) {
      context.fullDisk().met(e.getMessage()); // it is made again from the log when it is needed
      return;
    }
    if (replaced != null && disk.kind(replaced) != FileKind.ABSENT) {
      disk.delete(replaced);
    }
  }

  /**
   * False when there is no room: then nothing counts as flushed that may be of a new epoch, and it
   * is tried again.
   */
  private boolean writeEpochs(List<String> lines) throws IOException {
    try {
      try {
        EpochHistory.write(context.disk(), context.directory(), lines);
      } catch (DiskFullException e) {
        if (!makeRoom()) {
          throw e;
        }
        EpochHistory.write(context.disk(), context.directory(), lines);
      }
      return true;
    } catch (DiskFullException e) {
      context.fullDisk().met(e.getMessage());
      epochsUnwritten =
          "the leader epochs of " + context.name() + " could not be written: " + e.getMessage();
      return false;
    }
  }

  /** Retention could not begin to free a full disk, were it not for what nobody needs any more. */
  private boolean makeRoom() throws IOException {
    boolean made = false;
    for (Path index : expendable) {
      if (context.disk().kind(index) == FileKind.FILE) {
        context.disk().delete(index);
        made = true;
      }
    }
    return made;
  }

  private void append(Disk disk, IndexWrite index) throws IOException {
    boolean exists = disk.kind(index.path()) != FileKind.ABSENT;
    try (DiskFile file = exists ? disk.open(index.path()) : disk.create(index.path())) {
      long size = file.size();
      try {
        file.write(size, index.block());
      } catch (DiskFullException e) {
        // A lookup reads a little more where entries are missing; half a block would hide the
        // next.
        context.fullDisk().met(e.getMessage());
        file.truncate(size);
        return;
      }
      if (index.last()) {
        file.force();
      }
    } catch (DiskFullException e) {
      context.fullDisk().met(e.getMessage()); // it is made again when it is needed
    }
  }

  /** Why the epochs and the start could not be written; null when they were. */
  @Nullable String epochsUnwritten() {
    return epochsUnwritten;
  }

  @Override
  public void ended(@Nullable Throwable failure) {
    context.owner().execute(() -> onEnded.accept(this, failure));
  }
}
