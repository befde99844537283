package io.millrace.storage.log;

import io.millrace.rpc.Timer;
import io.millrace.storage.files.DiskFullException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Brings what a log has written to the disk: at most one job at a time; who asks while it runs
 * shares the next. Owned by the log's loop, but for the jobs, which run on the flush worker with
 * what they were given.
 */
final class LogFlusher {
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

  /** The last epoch in the list on disk. */
  private int listedEpoch;

  private boolean writeWholeIndex;
  private long unforcedBytes;
  private @Nullable Timer timer;
  private @Nullable StartListener onStart;
  private final List<Segment> unwrittenSeals = new ArrayList<>();
  private @Nullable Runnable whenIdle;
  private final Queue<Runnable> exclusive = new ArrayDeque<>(1);

  /** What became of {@link LogState#wantedStart}; on the owner. */
  interface StartListener {
    /** It stands on disk. */
    void onDurable(long startOffset);

    /** It could not be written; what was there before still holds. */
    void onNoSpace(String why);
  }

  LogFlusher(LogState state, LongConsumer onFlushed) {
    this.state = state;
    this.context = state.context;
    this.onFlushed = onFlushed;
    this.listedEpoch = state.epochs.latest(); // recovery writes the list where it changes it
  }

  /** Once, before the log is used. */
  void tellOfStart(StartListener listener) {
    onStart = listener;
  }

  /** Names in its directory may be in the page cache only: the next flush counts on them. */
  void namesMayBeUnforced() {
    directoryDirty = true;
  }

  /** Bytes have been written. */
  void written(long bytes) {
    unforcedBytes += bytes;
    state.producers.written(bytes);
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
    state.producers.rolled(sealed.endOffset());
    request();
  }

  /** The last epoch in the list on disk: what is found there when the log is opened. */
  int listedEpoch() {
    return listedEpoch;
  }

  /** An epoch was copied, or is forgotten: written with the next flush, before its first record. */
  void epochsChanged() {
    epochsDirty = true;
    if (timer == null) {
      startTimer();
    }
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
    if (!isDirty() && whenIdle == null) {
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

  /**
   * Whether there are records of epochs that have begun and are not in the list on disk. One
   * without records is not worth writing: a broker that starts, or takes over, begins epochs of
   * thousands of logs at once, of which hardly any is written to.
   */
  private boolean hasUnlistedRecords() {
    return state.epochs.startAfter(listedEpoch) < state.endOffset();
  }

  private boolean isDirty() {
    return state.endOffset() > state.flushedOffset
        || directoryDirty
        || epochsDirty
        || state.producers.isWriteWanted()
        || nextStart() > state.startOffset;
  }

  /**
   * Where the log may begin already: what lies before its start must be on disk first, or a power
   * loss could leave a log that ends before it begins.
   */
  private long nextStart() {
    return Math.max(state.startOffset, Math.min(state.wantedStart, state.flushedOffset));
  }

  private FlushJob newJob() throws IOException {
    boolean bounded = state.epochs.recoverFrom() != Long.MAX_VALUE;
    if (bounded && state.flushedOffset >= state.checkpointedAtMost) {
      state.epochs.setRecoverFrom(Long.MAX_VALUE);
      epochsDirty = true;
    }
    FlushJob job = new FlushJob(context, this::flushed);
    job.covered = state.flushedOffset;
    job.start = nextStart();
    boolean mustList = epochsDirty || hasUnlistedRecords();
    if (mustList || job.start > state.startOffset) {
      EpochHistory written = state.epochs.copy();
      int first = state.segments.floor(job.start);
      written.setStart(job.start);
      written.cutFront(state.segments.get(first).baseOffset());
      job.epochLines = written.lines();
      job.expendable =
          state.segments.all().subList(0, first).stream().map(Segment::indexPath).toList();
      job.epoch = state.epochs.latest();
      job.epochsDirty = mustList;
      epochsDirty = false;
    }
    job.syncDirectory = directoryDirty;
    directoryDirty = false;
    for (int i = state.segments.floor(state.flushedOffset); i < state.segments.count(); i++) {
      Segment segment = state.segments.get(i);
      if (segment.endOffset() > state.flushedOffset) {
        SegmentFile file = segment.pin(context);
        file.tryRetain();
        job.forced.add(new FlushJob.Forced(segment, file));
      }
      if (!segment.isSealed() && isIndexWorthWriting(segment)) {
        job.indexes.add(FlushJob.IndexWrite.of(segment));
      }
    }
    for (Segment sealed : unwrittenSeals) {
      job.indexes.add(FlushJob.IndexWrite.of(sealed));
    }
    unwrittenSeals.clear();
    job.producers.addAll(state.producers.takeWrites());
    return job;
  }

  private boolean isIndexWorthWriting(Segment segment) {
    int waiting = segment.pendingEntryCount();
    return waiting >= INDEX_ENTRIES_WORTH_WRITING || (writeWholeIndex && waiting > 0);
  }

  /** Forces everything, the index included, then runs the action; also when the log fails. */
  void flushAllThen(Runnable action) {
    writeWholeIndex = true;
    state.producers.writeLast();
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
    exclusive.add(submit);
    if (!running) {
      startExclusive();
    }
  }

  private void startExclusive() {
    Runnable submit = exclusive.poll();
    if (submit != null) {
      running = true;
      submit.run();
    }
  }

  /** That work has ended, and has written the leader epochs. */
  void exclusiveEnded() {
    running = false;
    epochsDirty = false;
    listedEpoch = state.epochs.latest();
    continueAfterFlush();
  }

  /** That work has ended, and concerned nothing that is to be flushed. */
  void repairEnded() {
    running = false;
    continueAfterFlush();
  }

  private void flushed(FlushJob job, @Nullable Throwable failure) {
    running = false;
    for (FlushJob.Forced forced : job.forced) {
      forced.file().release();
    }
    if (failure != null) {
      state.fail(failure);
      continueAfterFlush();
      return;
    }
    String unwritten = job.epochsUnwritten();
    if (unwritten == null && job.epochLines != null) {
      listedEpoch = job.epoch;
    } else if (unwritten != null) {
      if (whenIdle != null) {
        state.fail(new DiskFullException(unwritten));
      }
      epochsDirty |= job.epochsDirty;
      directoryDirty |= job.syncDirectory;
      if (onStart != null && job.start > state.startOffset) {
        onStart.onNoSpace(unwritten);
      }
    }
    // An epoch that has begun since the job was made may have had its first records forced by it:
    // they do not count before leader-epochs names it, or a recovery from there would not know it.
    long known = Math.min(job.covered, state.epochs.startAfter(listedEpoch));
    state.flushedOffset = Math.max(state.flushedOffset, known);
    state.recoveryPoint = state.flushedOffset;
    for (FlushJob.Forced forced : job.forced) {
      if (forced.segment().endOffset() <= state.flushedOffset) {
        forced.segment().unpin();
      }
    }
    if (onStart != null && unwritten == null && job.start > state.startOffset) {
      onStart.onDurable(job.start);
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
    } else if (!exclusive.isEmpty()) {
      startExclusive();
    } else if (again || nextStart() > state.startOffset || (whenIdle != null && isDirty())) {
      request();
    } else if (whenIdle != null) {
      becomeIdle();
    } else if (isDirty() && timer == null) {
      startTimer();
    }
  }
}
