package io.millrace.storage.log;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.DiskFullException;
import io.millrace.storage.files.FileKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes a log an empty one that begins elsewhere: on the flush worker. {@code STORAGE.md} says what
 * a crash between any two steps leaves: always a log that opens, since its end is cut back to its
 * first segment before that is renamed.
 *
 * <p>Made on the owner with what stands at that time; nothing is appended until it has ended.
 */
final class LogRestart implements LogReshaping.Work {
  private final LogContext context;
  private final List<Segment> segments;
  private final long beginsAt;
  private final long start;
  private final EpochHistory epochs = new EpochHistory();
  private final Consumer<LogReshaping.Work> onEnded;
  private boolean isEmptied;
  private @Nullable Throwable failure;
  private @Nullable DiskFullException noRoom;

  /**
   * @param beginsAt offset of the first batch that will be appended
   * @param start first offset that may be read; in that batch
   */
  LogRestart(LogState state, long beginsAt, long start, Consumer<LogReshaping.Work> onEnded) {
    this.context = state.context;
    this.segments = state.segments.all();
    this.beginsAt = beginsAt;
    this.start = start;
    this.onEnded = onEnded;
  }

  @Override
  public void run() throws IOException {
    noRoom = null;
    try {
      if (!isEmptied) {
        empty();
        isEmptied = true;
      }
      epochs.setStart(start);
      epochs.setRecoverFrom(beginsAt);
      EpochHistory.write(context.disk(), context.directory(), epochs.lines());
    } catch (DiskFullException e) {
      noRoom = e; // nothing was changed, or only this is left to do
    }
  }

  private void empty() throws IOException {
    Disk disk = context.disk();
    Segment first = segments.get(0);
    // From here on the epochs are those of the batches that are still there: a start that is not
    // believed, and no epoch that a batch does not show.
    epochs.setRecoverFrom(first.baseOffset());
    EpochHistory.write(disk, context.directory(), epochs.lines());
    for (int i = segments.size() - 1; i > 0; i--) {
      deleteIfThere(disk, segments.get(i).indexPath());
      disk.delete(segments.get(i).logPath());
    }
    deleteIfThere(disk, first.indexPath());
    ProducerRebuild.deleteBehind(disk, context.directory(), ProducerRebuild.ALL);
    deleteIfThere(disk, DataPaths.compaction(context.directory()));
    disk.syncDirectory(context.directory());
    try (DiskFile file = disk.open(first.logPath())) {
      file.truncate(0);
      file.force();
    }
    Path fresh = DataPaths.log(context.directory(), beginsAt);
    if (!fresh.equals(first.logPath())) {
      disk.rename(first.logPath(), fresh);
      disk.syncDirectory(context.directory());
    }
  }

  private static void deleteIfThere(Disk disk, Path path) throws IOException {
    if (disk.kind(path) != FileKind.ABSENT) {
      disk.delete(path);
    }
  }

  @Override
  public void ended(@Nullable Throwable why) {
    failure = why;
    context.owner().execute(() -> onEnded.accept(this));
  }

  @Override
  public void abandon() {
    // holds nothing
  }

  @Override
  public void apply(LogState state) {
    for (Segment segment : segments) {
      segment.closeFile(context.openFiles());
    }
    Segment fresh =
        Segment.found(
            context.directory(),
            new FoundSegment(beginsAt, 0, beginsAt, Segment.NO_TIMESTAMP, Segment.NO_TIMESTAMP),
            false);
    fresh.completeIndex(new SparseIndex(SparseIndex.MAX_ENTRIES));
    state.segments.replaceAll(fresh);
    state.producers.replace(ProducerRebuild.Rebuilt.ofNothing(beginsAt));
    state.epochs.becomes(epochs);
    state.startOffset = start;
    state.wantedStart = start;
    // The start is ahead of what is there too, until the batch that it lies in has been forced.
    long promised = Math.max(state.flushedOffset, start);
    state.checkpointedAtMost = Math.max(state.checkpointedAtMost, promised);
    state.flushedOffset = beginsAt;
    state.recoveryPoint = beginsAt;
  }

  @Override
  public @Nullable Throwable failure() {
    return failure;
  }

  @Override
  public @Nullable DiskFullException noRoom() {
    return noRoom;
  }
}
