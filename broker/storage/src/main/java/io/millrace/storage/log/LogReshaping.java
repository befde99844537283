package io.millrace.storage.log;

import io.millrace.storage.files.DiskFullException;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the end off a log, or starts it over: one at a time, in the place of a flush, while nothing
 * is appended. Owned by the log's loop; the work itself is done on the flush worker.
 *
 * <p>A full disk is waited for: what is on it then opens after a crash, and the work goes on where
 * it stopped.
 */
final class LogReshaping {
  private static final long AGAIN_NANOS = 1_000_000_000;

  private final LogState state;
  private final LogFlusher flusher;
  private final Runnable onReshaped;
  private boolean underWay;
  private boolean closing;

  /** The work of one. */
  interface Work extends FlushQueue.Job {
    /** On the owner, once it has ended well: makes the log in memory what it is on disk. */
    void apply(LogState state);

    /** On the owner instead: lets go of what it holds. */
    void abandon();

    /** On the owner; null when all went well. */
    @Nullable Throwable failure();

    /** On the owner: what kept it from ending, so that it is to be run again; else null. */
    @Nullable DiskFullException noRoom();
  }

  private interface Making {
    /**
     * @param onEnded on the owner, each time it has run
     */
    Work make(Consumer<Work> onEnded) throws IOException;
  }

  /**
   * @param onReshaped before whoever asked is told: what was remembered of places in the log is
   *     wrong
   */
  LogReshaping(LogState state, LogFlusher flusher, Runnable onReshaped) {
    this.state = state;
    this.flusher = flusher;
    this.onReshaped = onReshaped;
  }

  /** Whether it is under way, so that nothing may be appended. */
  boolean isUnderWay() {
    return underWay;
  }

  /** Nobody waits for room any more. */
  void close() {
    closing = true;
  }

  /** See {@link PartitionLog#truncateTo}. */
  void cut(long offset, Runnable whenDone) {
    begin(
        onEnded -> {
          LogCut cut = new LogCut(state, offset, onEnded);
          // No checkpoint may promise more than what stays.
          long base = state.segments.get(state.segments.floor(offset)).baseOffset();
          state.recoveryPoint = Math.min(state.recoveryPoint, base);
          return cut;
        },
        whenDone);
  }

  /** See {@link PartitionLog#startOver}. */
  void startOver(long beginsAt, long start, Runnable whenDone) {
    begin(
        onEnded -> {
          state.recoveryPoint = 0;
          return new LogRestart(state, beginsAt, start, onEnded);
        },
        whenDone);
  }

  private void begin(Making making, Runnable whenDone) {
    underWay = true;
    state.cuts++;
    flusher.runExclusively(
        () -> {
          try {
            submit(making.make(work -> ended(work, whenDone)));
          } catch (IOException e) {
            state.fail(e);
            flusher.exclusiveEnded();
          }
        });
  }

  private void submit(Work work) {
    state.context.flushQueue().submit(work);
  }

  private void ended(Work work, Runnable whenDone) {
    DiskFullException noRoom = work.noRoom();
    if (noRoom != null && work.failure() == null && !closing) {
      state.context.fullDisk().met(noRoom.getMessage());
      state.context.owner().schedule(AGAIN_NANOS, () -> submit(work));
      return;
    }
    Throwable failure = work.failure() == null ? noRoom : work.failure();
    if (failure == null) {
      work.apply(state);
      onReshaped.run();
    } else {
      work.abandon();
      state.fail(failure);
    }
    underWay = false;
    flusher.exclusiveEnded();
    if (failure == null) {
      whenDone.run();
    }
  }
}
