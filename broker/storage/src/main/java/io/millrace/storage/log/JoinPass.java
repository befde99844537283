package io.millrace.storage.log;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Makes one segment of several small ones. On the housekeeping worker, a piece at a time. */
final class JoinPass implements CompactionWork {
  private final Disk disk;
  private final PartitionLog log;
  private final List<CompactionFacts.ClosedSegment> segments;
  private final int indexIntervalBytes;
  private final BatchWalk walk;
  private final StorageCounters counters;
  private final Consumer<Runnable> housekeeping;

  private @Nullable SegmentJoin join;
  private boolean isSwapping;
  private boolean isOver;
  private boolean isGivenUp;

  /**
   * @param segments neighbours, at least two
   * @param housekeeping runs a task on that worker
   */
  JoinPass(
      Disk disk,
      PartitionLog log,
      List<CompactionFacts.ClosedSegment> segments,
      int indexIntervalBytes,
      BatchWalk walk,
      StorageCounters counters,
      Consumer<Runnable> housekeeping) {
    this.disk = disk;
    this.log = log;
    this.segments = segments;
    this.indexIntervalBytes = indexIntervalBytes;
    this.walk = walk;
    this.counters = counters;
    this.housekeeping = housekeeping;
  }

  @Override
  public PartitionLog log() {
    return log;
  }

  @Override
  public boolean isOver() {
    return isOver;
  }

  @Override
  public boolean isGivenUp() {
    return isGivenUp;
  }

  @Override
  public long offset() {
    return join == null ? segments.get(0).baseOffset() : join.nextOffset();
  }

  @Override
  public int step(int bytes, Runnable whenSwapped) throws IOException {
    SegmentJoin open = join;
    if (open == null) {
      open = new SegmentJoin(disk, segments, indexIntervalBytes, walk);
      join = open;
    }
    int read = open.step(bytes);
    counters.compacted(read);
    if (open.isOver()) {
      SegmentCompaction.Written written = open.result();
      close();
      swap(written, whenSwapped);
    }
    return isSwapping ? -1 : read;
  }

  private void swap(SegmentCompaction.Written written, Runnable whenSwapped) {
    isSwapping = true;
    log.swapLater(
        segments,
        written,
        isSwapped ->
            housekeeping.accept(
                () -> {
                  isSwapping = false;
                  isOver = true;
                  isGivenUp = !isSwapped;
                  if (isSwapped) {
                    counters.joined(segments.size() - 1);
                  }
                  whenSwapped.run();
                }));
  }

  @Override
  public void close() throws IOException {
    SegmentJoin open = join;
    join = null;
    if (open != null) {
      open.close();
    }
  }

  @Override
  public Path unfinished() {
    return DataPaths.cleaned(segments.get(0).log());
  }
}
