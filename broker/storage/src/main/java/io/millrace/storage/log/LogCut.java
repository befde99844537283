package io.millrace.storage.log;

import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.DiskFullException;
import io.millrace.storage.files.FileKind;
import io.millrace.wire.BatchScan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the end off a log: on the flush worker, since every step must be on disk before the log may
 * grow again. {@code STORAGE.md} says what a crash between any two steps leaves.
 *
 * <p>Made on the owner with what stands at that time; nothing is appended until it has ended.
 */
final class LogCut implements LogReshaping.Work {
  private final LogContext context;
  private final List<Segment> behind;
  private final Segment target;
  private final SegmentFile targetFile;
  private final int targetSizeBytes;
  private final boolean targetWasSealed;
  private final long offset;
  private final int indexIntervalBytes;
  private final EpochHistory epochs;
  private final boolean boundRecovery;
  private final List<ProducerRebuild.Part> before;
  private final Consumer<LogReshaping.Work> onEnded;

  // Filled by run, read by the owner when it has ended.
  private long newEndOffset;
  private int newSizeBytes;
  private long maxTimestamp;
  private long lastAppendMillis;
  private SparseIndex index = new SparseIndex(Integer.MAX_VALUE);
  private ProducerRebuild.@Nullable Rebuilt producers;
  private @Nullable Throwable failure;
  private @Nullable DiskFullException noRoom;

  /**
   * @param offset nothing at or behind it stays; nor does a batch that holds it and begins before
   */
  LogCut(LogState state, long offset, Consumer<LogReshaping.Work> onEnded) throws IOException {
    this.context = state.context;
    int at = state.segments.floor(offset);
    this.target = state.segments.get(at);
    this.behind = state.segments.all().subList(at + 1, state.segments.count());
    this.targetSizeBytes = target.sizeBytes();
    this.targetWasSealed = target.isSealed();
    this.offset = offset;
    this.indexIntervalBytes = state.config.indexIntervalBytes();
    this.epochs = state.epochs.copy();
    this.boundRecovery = state.flushedOffset > target.baseOffset();
    this.before =
        state.segments.all().subList(0, at).stream().map(ProducerRebuild.Part::of).toList();
    this.onEnded = onEnded;
    this.targetFile = target.retain(context);
  }

  @Override
  public void run() throws IOException {
    noRoom = null;
    try {
      findEnd();
    } catch (CorruptLogException e) {
      failure = e; // this log's own misfortune; nothing has been changed
      return;
    }
    try {
      cut();
    } catch (DiskFullException e) {
      noRoom = e; // each step may be done again
    }
  }

  private void cut() throws IOException {
    Disk disk = context.disk();
    epochs.cutEnd(newEndOffset);
    if (boundRecovery) {
      epochs.setRecoverFrom(Math.min(epochs.recoverFrom(), newEndOffset));
    }
    EpochHistory.write(disk, context.directory(), epochs.lines());
    for (int i = behind.size() - 1; i >= 0; i--) {
      deleteIfThere(disk, behind.get(i).indexPath());
      deleteIfThere(disk, behind.get(i).logPath());
    }
    IndexFile.replace(
        disk,
        target.indexPath(),
        IndexFile.block(target.baseOffset(), IndexFile.entries(index), null));
    ProducerRebuild.deleteBehind(disk, context.directory(), newEndOffset);
    disk.syncDirectory(context.directory());
    try (DiskFile file = disk.open(target.logPath())) {
      file.truncate(newSizeBytes);
      file.force();
    }
    producers = rebuildProducers();
  }

  /** What was known of the producers of what is gone is not true any more. */
  private ProducerRebuild.Rebuilt rebuildProducers() throws IOException {
    List<ProducerRebuild.Part> parts = new ArrayList<>(before);
    parts.add(
        new ProducerRebuild.Part(
            target.logPath(), target.indexPath(), target.baseOffset(), newEndOffset, newSizeBytes));
    return ProducerRebuild.rebuild(context.disk(), context.directory(), parts, epochs);
  }

  private static void deleteIfThere(Disk disk, Path path) throws IOException {
    if (disk.kind(path) != FileKind.ABSENT) {
      disk.delete(path);
    }
  }

  /** Position of the batch that holds the offset, and what the index says of all before it. */
  private void findEnd() throws IOException {
    SparseIndex known =
        IndexFile.load(
                context.disk(),
                target.indexPath(),
                target.baseOffset(),
                targetSizeBytes,
                Integer.MAX_VALUE)
            .index();
    BatchWalk walk = new BatchWalk(1 << 16);
    if (!walkFrom(known, walk)) {
      known = new SparseIndex(Integer.MAX_VALUE);
      if (!walkFrom(known, walk)) {
        throw new CorruptLogException(target.logPath() + " does not begin with its base offset");
      }
    }
  }

  /** False when the index does not lead to a batch of the offset it says. */
  private boolean walkFrom(SparseIndex known, BatchWalk walk) throws IOException {
    int entry = known.floorByOffset(offset - target.baseOffset());
    int position = entry < 0 ? 0 : known.position(entry);
    long next = target.baseOffset() + (entry < 0 ? 0 : known.offsetDelta(entry));
    long before = entry < 0 ? Segment.NO_TIMESTAMP : known.maxTimestampBefore(entry);
    known.cut(position + 1);
    IndexBuild build = new IndexBuild(target.baseOffset(), indexIntervalBytes, known);
    build.startsAfter(before);
    walk.headers(targetFile.file(), position, targetSizeBytes);
    while (position < targetSizeBytes) {
      if (walk.next() != BatchScan.WHOLE) {
        throw new CorruptLogException(
            target.logPath() + " has no whole batch at position " + position);
      }
      if (walk.batch().baseOffset() != next) {
        return false;
      }
      if (walk.batch().nextOffset() > offset) {
        break;
      }
      build.add(next, position, walk.maxTimestamp(), walk.batch().appendTimestamp());
      next = walk.batch().nextOffset();
      position = walk.nextPosition();
    }
    newEndOffset = next;
    newSizeBytes = position;
    maxTimestamp = build.maxTimestamp();
    lastAppendMillis = build.lastAppendMillis();
    index = build.index();
    index.cut(newSizeBytes);
    return true;
  }

  @Override
  public void ended(@Nullable Throwable why) {
    if (why != null) {
      failure = why;
    }
    context.owner().execute(() -> onEnded.accept(this));
  }

  @Override
  public void abandon() {
    targetFile.release();
  }

  @Override
  public void apply(LogState state) {
    targetFile.release();
    for (Segment segment : state.segments.removeBehind(state.segments.floor(offset))) {
      segment.closeFile(context.openFiles());
    }
    if (targetWasSealed) {
      target.closeFile(context.openFiles()); // it was open for reading only
    }
    boolean flushedUpToTarget = state.flushedOffset >= target.baseOffset();
    if (boundRecovery) {
      state.checkpointedAtMost = Math.max(state.checkpointedAtMost, state.flushedOffset);
    }
    target.cut(newSizeBytes, newEndOffset, maxTimestamp, lastAppendMillis);
    SparseIndex memory = new SparseIndex(SparseIndex.MAX_ENTRIES);
    for (int i = 0; i < index.count(); i++) {
      memory.add(index.offsetDelta(i), index.position(i), index.maxTimestampBefore(i));
    }
    target.completeIndex(memory);
    if (producers != null) {
      state.producers.replace(producers);
    }
    state.epochs.cutEnd(newEndOffset);
    state.epochs.setRecoverFrom(epochs.recoverFrom());
    state.flushedOffset = flushedUpToTarget ? newEndOffset : state.flushedOffset;
    state.recoveryPoint = state.flushedOffset;
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
