package io.millrace.storage.log;

import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFullException;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.ForceFailedException;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts what compaction has written in the place of a segment: on the flush worker, in the place of
 * a flush, so that nothing cuts the log meanwhile. The rename is the one step that counts; {@code
 * STORAGE.md} says what a crash between any two leaves.
 */
final class SegmentSwap implements FlushQueue.Job {
  private final LogContext context;
  private final CompactionFacts.ClosedSegment segment;
  private final SegmentCompaction.Written written;
  private final Consumer<SegmentSwap> onEnded;
  private boolean isSwapped;
  private @Nullable Throwable failure;

  /**
   * @param written forced
   * @param onEnded on the owner
   */
  SegmentSwap(
      LogContext context,
      CompactionFacts.ClosedSegment segment,
      SegmentCompaction.Written written,
      Consumer<SegmentSwap> onEnded) {
    this.context = context;
    this.segment = segment;
    this.written = written;
    this.onEnded = onEnded;
  }

  @Override
  public void run() throws IOException {
    Disk disk = context.disk();
    try {
      // The old index leads nowhere in the new file; without one it is made again.
      if (disk.kind(segment.index()) != FileKind.ABSENT) {
        disk.delete(segment.index());
        disk.syncDirectory(context.directory());
      }
      disk.rename(written.file(), segment.log());
      isSwapped = true;
      disk.syncDirectory(context.directory());
      writeIndex(disk);
    } catch (ForceFailedException e) {
      throw e;
    } catch (DiskFullException e) {
      context.fullDisk().met(e.getMessage()); // the index is made again when it is needed
    } catch (IOException e) {
      failure = e;
    }
  }

  private void writeIndex(Disk disk) throws IOException {
    IndexFile.replace(
        disk,
        segment.index(),
        IndexFile.block(segment.baseOffset(), IndexFile.entries(written.index()), written.seal()));
  }

  @Override
  public void ended(@Nullable Throwable queueFailure) {
    if (queueFailure != null) {
      failure = queueFailure;
    }
    context.owner().execute(() -> onEnded.accept(this));
  }

  /** On the owner: whether the new file stands in the old one's place. */
  boolean isSwapped() {
    return isSwapped;
  }

  /** On the owner; null when nothing went wrong. */
  @Nullable Throwable failure() {
    return failure;
  }
}
