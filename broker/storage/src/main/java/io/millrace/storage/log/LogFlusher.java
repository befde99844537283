package io.millrace.storage.log;

import io.millrace.rpc.Timer;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.DiskFullException;
import io.millrace.storage.files.FileKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings what a log has written to the disk: at most one job at a time; who asks while it runs
 * shares the next. Owned by the log's loop, but for the jobs, which run on the flush worker with
 * what they were given.
 *
 * <p>Order within a job: leader epochs, segment data, the directory's names, the index. So no epoch
 * is missing from the list whose records count as flushed, and no index is ahead of its log.
 */
final class LogFlusher {
  private static final Logger LOG = LoggerFactory.getLogger(LogFlusher.class);

  /** Fewer index entries wait for the next flush: a quarter of a megabyte of log. */
  private static final int INDEX_ENTRIES_WORTH_WRITING = 64;

  private final LogState state;
  private final LogContext context;
  private final LongConsumer onFlushed;

  private boolean running;
  private boolean again;
  private boolean stopping;
  private boolean directoryDirty;
  private boolean epochsDirty;
  private boolean writeWholeIndex;
  private long unforcedBytes;
  private @Nullable Timer timer;
  private int durableEpoch;
  private final Queue<EpochWaiter> epochWaiters = new ArrayDeque<>();
  private final List<Segment> unwrittenSeals = new ArrayList<>();
  private @Nullable Runnable whenIdle;
  private @Nullable Runnable exclusive;

  private record EpochWaiter(int epoch, Runnable then) {}

  LogFlusher(LogState state, LongConsumer onFlushed) {
    this.state = state;
    this.context = state.context;
    this.onFlushed = onFlushed;
    this.durableEpoch = state.epochs.latest();
  }

  /** Bytes have been written. */
  void written(long bytes) {
    unforcedBytes += bytes;
    if (unforcedBytes >= state.config.flushBytes()) {
      request();
    } else if (timer == null) {
      startTimer();
    }
  }

  private void startTimer() {
    long nanos = state.config.flushIntervalMillis() * 1_000_000;
    timer = context.owner().schedule(nanos, this::onTimer);
  }

  private void onTimer() {
    timer = null;
    request();
  }

  /** A segment has been closed and a new one made. */
  void rolled(Segment sealed) {
    directoryDirty = true;
    unwrittenSeals.add(sealed);
    request();
  }

  void epochsChanged() {
    epochsDirty = true;
  }

  boolean isDurable(int epoch) {
    return durableEpoch == epoch && !epochsDirty;
  }

  void whenDurable(int epoch, Runnable then) {
    epochWaiters.add(new EpochWaiter(epoch, then));
    request();
  }

  /** Everything written so far is forced, soon. */
  void request() {
    if (state.failure != null || stopping) {
      return;
    }
    if (running) {
      again = true;
      return;
    }
    again = false;
    if (!isDirty() && epochWaiters.isEmpty() && whenIdle == null) {
      return;
    }
    FlushJob job;
    try {
      job = newJob();
    } catch (IOException e) {
      state.fail(e);
      return;
    }
    running = true;
    unforcedBytes = 0;
    context.flushQueue().submit(job);
  }

  private boolean isDirty() {
    return state.endOffset() > state.flushedOffset || directoryDirty || epochsDirty;
  }

  private FlushJob newJob() throws IOException {
    boolean bounded = state.epochs.recoverFrom() != Long.MAX_VALUE;
    if (bounded && state.flushedOffset >= state.checkpointedAtMost) {
      state.epochs.setRecoverFrom(Long.MAX_VALUE);
      epochsDirty = true;
    }
    FlushJob job = new FlushJob();
    job.covered = state.flushedOffset;
    if (epochsDirty) {
      job.epochLines = state.epochs.lines();
      epochsDirty = false;
    }
    job.epoch = state.epochs.latest();
    job.syncDirectory = directoryDirty;
    directoryDirty = false;
    for (int i = state.segments.floor(state.flushedOffset); i < state.segments.count(); i++) {
      Segment segment = state.segments.get(i);
      if (segment.endOffset() > state.flushedOffset) {
        SegmentFile file = segment.pin(context);
        file.tryRetain();
        job.forced.add(new Forced(segment, file));
      }
      if (!segment.isSealed() && isIndexWorthWriting(segment)) {
        job.indexes.add(IndexWrite.of(segment));
      }
    }
    for (Segment sealed : unwrittenSeals) {
      job.indexes.add(IndexWrite.of(sealed));
    }
    unwrittenSeals.clear();
    return job;
  }

  private boolean isIndexWorthWriting(Segment segment) {
    int waiting = segment.pendingEntryCount();
    return waiting >= INDEX_ENTRIES_WORTH_WRITING || (writeWholeIndex && waiting > 0);
  }

  /** Forces everything, the index included, then runs the action; also when the log fails. */
  void flushAllThen(Runnable action) {
    writeWholeIndex = true;
    whenIdle = action;
    if (state.failure != null) {
      if (!running) {
        becomeIdle();
      }
      return;
    }
    request();
  }

  /** Runs the action as soon as no job is at work; nothing more is flushed. */
  void stopThen(Runnable action) {
    stopping = true;
    whenIdle = action;
    cancelTimer();
    if (!running) {
      becomeIdle();
    }
  }

  private void becomeIdle() {
    cancelTimer();
    Runnable action = whenIdle;
    whenIdle = null;
    if (action != null) {
      action.run();
    }
  }

  private void cancelTimer() {
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }

  /** Runs another kind of work in the place of a flush, as soon as none runs. */
  void runExclusively(Runnable submit) {
    exclusive = submit;
    if (!running) {
      startExclusive();
    }
  }

  private void startExclusive() {
    Runnable submit = exclusive;
    exclusive = null;
    if (submit != null) {
      running = true;
      submit.run();
    }
  }

  /** That work has ended, and has written the leader epochs. */
  void exclusiveEnded() {
    running = false;
    epochsDirty = false;
    durableEpoch = state.epochs.latest();
    continueAfterFlush();
  }

  private void flushed(FlushJob job, @Nullable Throwable failure) {
    running = false;
    for (Forced forced : job.forced) {
      forced.file().release();
    }
    if (failure != null) {
      state.fail(failure);
      continueAfterFlush();
      return;
    }
    if (job.epochsUnwritten) {
      if (whenIdle != null) {
        state.fail(new DiskFullException("no space for the leader epochs of " + context.name()));
      }
      epochsDirty = true;
      directoryDirty |= job.syncDirectory;
    } else {
      durableEpoch = job.epoch;
    }
    state.flushedOffset = Math.max(state.flushedOffset, job.covered);
    state.recoveryPoint = state.flushedOffset;
    for (Forced forced : job.forced) {
      if (forced.segment().endOffset() <= state.flushedOffset) {
        forced.segment().unpin();
      }
    }
    while (!epochWaiters.isEmpty() && epochWaiters.peek().epoch() <= durableEpoch) {
      epochWaiters.remove().then().run();
    }
    onFlushed.accept(state.flushedOffset);
    continueAfterFlush();
  }

  private void continueAfterFlush() {
    if (running) {
      return; // a listener may have asked for the next flush already
    }
    if (state.failure != null || stopping) {
      becomeIdle();
    } else if (exclusive != null) {
      startExclusive();
    } else if (again || (whenIdle != null && isDirty())) {
      request();
    } else if (whenIdle != null) {
      becomeIdle();
    } else if (isDirty() && timer == null) {
      startTimer();
    }
  }

  private record Forced(Segment segment, SegmentFile file) {}

  /** One block for an index file. */
  private record IndexWrite(Path path, ByteBuffer block, boolean last) {
    static IndexWrite of(Segment segment) {
      IndexFile.Seal seal = segment.isSealed() ? segment.sealRecord() : null;
      ByteBuffer block = IndexFile.block(segment.baseOffset(), segment.takePending(), seal);
      return new IndexWrite(segment.indexPath(), block, seal != null);
    }
  }

  /** Filled on the owner, run on the flush worker, looked at on the owner again. */
  private final class FlushJob implements FlushQueue.Job {
    private final List<Forced> forced = new ArrayList<>();
    private final List<IndexWrite> indexes = new ArrayList<>();
    private @Nullable List<String> epochLines;
    private boolean epochsUnwritten;
    private boolean syncDirectory;
    private int epoch;
    private long covered;

    @Override
    public void run() throws IOException {
      if (epochLines != null && !writeEpochs(epochLines)) {
        return;
      }
      for (Forced each : forced) {
        // Read before forcing: what is appended meanwhile may or may not be covered.
        long end = each.segment().endOffset();
        each.file().file().force();
        covered = end;
      }
      if (syncDirectory) {
        context.disk().syncDirectory(context.directory());
      }
      for (IndexWrite index : indexes) {
        append(context.disk(), index);
      }
    }

    /** False when there is no room: then nothing counts as flushed, and it is tried again. */
    private boolean writeEpochs(List<String> lines) throws IOException {
      try {
        EpochHistory.write(context.disk(), context.directory(), lines);
        return true;
      } catch (DiskFullException e) {
        LOG.warn("the leader epochs of {} are not written: {}", context.name(), e.getMessage());
        epochsUnwritten = true;
        return false;
      }
    }

    @Override
    public void ended(@Nullable Throwable failure) {
      context.owner().execute(() -> flushed(this, failure));
    }
  }

  private static void append(Disk disk, IndexWrite index) throws IOException {
    boolean exists = disk.kind(index.path()) != FileKind.ABSENT;
    try (DiskFile file = exists ? disk.open(index.path()) : disk.create(index.path())) {
      long size = file.size();
      try {
        file.write(size, index.block());
      } catch (DiskFullException e) {
        // A lookup reads a little more where entries are missing; half a block would hide the
        // next.
        LOG.warn("{} stays incomplete: {}", index.path(), e.getMessage());
        file.truncate(size);
        return;
      }
      if (index.last()) {
        file.force();
      }
    } catch (DiskFullException e) {
      LOG.warn("{} cannot be made: {}", index.path(), e.getMessage());
    }
  }
}
