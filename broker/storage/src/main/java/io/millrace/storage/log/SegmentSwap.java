package io.millrace.storage.log;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFullException;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.ForceFailedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts what compaction has written in the place of a segment, or of several: on the flush worker,
 * in the place of a flush, so that nothing cuts the log meanwhile. One rename is the step that
 * counts; {@code STORAGE.md} says what a crash between any two leaves.
 */
final class SegmentSwap implements FlushQueue.Job {
  private final LogContext context;
  private final List<CompactionFacts.ClosedSegment> segments;
  private final SegmentCompaction.Written written;
  private final Consumer<SegmentSwap> onEnded;
  private boolean isSwapped;
  private boolean isFinished;
  private @Nullable Throwable failure;

  /**
   * @param segments neighbours, ascending
   * @param written forced
   * @param onEnded on the owner
   */
  SegmentSwap(
      LogContext context,
      List<CompactionFacts.ClosedSegment> segments,
      SegmentCompaction.Written written,
      Consumer<SegmentSwap> onEnded) {
    this.context = context;
    this.segments = segments;
    this.written = written;
    this.onEnded = onEnded;
  }

  @Override
  public void run() throws IOException {
    Disk disk = context.disk();
    CompactionFacts.ClosedSegment first = segments.get(0);
    try {
      // The old index leads nowhere in the new file; without one it is made again.
      if (disk.kind(first.index()) != FileKind.ABSENT) {
        disk.delete(first.index());
        disk.syncDirectory(context.directory());
      }
      if (segments.size() == 1) {
        disk.rename(written.file(), first.log());
        isSwapped = true;
        isFinished = true;
        disk.syncDirectory(context.directory());
      } else {
        Path joined = DataPaths.joined(first.log(), written.seal().endOffset());
        disk.rename(written.file(), joined);
        isSwapped = true; // from here on each opening finishes it
        disk.syncDirectory(context.directory());
        finish(disk, context.directory(), joined, first.baseOffset(), written.seal().endOffset());
        isFinished = true;
      }
      writeIndex(disk);
    } catch (ForceFailedException e) {
      throw e;
    } catch (DiskFullException e) {
      context.fullDisk().met(e.getMessage());
      failure = isSwapped && !isFinished ? e : null; // an index is made again when it is needed
    } catch (IOException e) {
      failure = e;
    }
  }

  /**
   * Lets a file that holds all of several segments take their place. What of it is done already
   * does no harm.
   *
   * @param joined whose name is on the disk
   * @param baseOffset of the first segment
   * @param endOffset of the last one
   */
  static void finish(Disk disk, Path directory, Path joined, long baseOffset, long endOffset)
      throws IOException {
    for (LogListing.Named each : LogListing.names(disk, directory)) {
      boolean isReplaced = each.baseOffset() >= baseOffset && each.baseOffset() < endOffset;
      boolean isFirstLog = each.baseOffset() == baseOffset && each.isLog();
      boolean isFirstProducers = each.baseOffset() == baseOffset && each.isProducers();
      if (isReplaced && !isFirstLog && !isFirstProducers) {
        disk.delete(directory.resolve(each.name()));
      }
    }
    // Or a power loss might keep the new file under its last name, and beside it what it replaces.
    disk.syncDirectory(directory);
    disk.rename(joined, DataPaths.log(directory, baseOffset));
    disk.syncDirectory(directory);
  }

  private void writeIndex(Disk disk) throws IOException {
    CompactionFacts.ClosedSegment first = segments.get(0);
    IndexFile.replace(
        disk,
        first.index(),
        IndexFile.block(first.baseOffset(), IndexFile.entries(written.index()), written.seal()));
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
