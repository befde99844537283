package io.millrace.storage.log;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Keeps reads of one log that may wait for the disk off its loop. Owned by that loop.
 *
 * <p>What was written lately is hot: it is in the page cache. Anything else is first brought there
 * by the cold-read worker, a few megabytes at a time, and then read as if it had always been: the
 * bytes themselves never pass through this process. Whoever asked for them is told to come again. A
 * reader that goes on is read ahead for.
 */
final class ColdPath {
  /** Who finds no place comes again when somebody else has got his. */
  private static final int MAX_WANTED = 16;

  private final LogState state;
  private final ColdReads reads;
  private final HotTail hot;
  private final Deque<Wanted> wanted = new ArrayDeque<>(2);

  private @Nullable WarmRanges ranges;
  private @Nullable Runnable onWarm;
  private boolean reading;
  private boolean closed;

  /** Counts the cuts: what was found before one may stand elsewhere after it. */
  private int cuts;

  private record Wanted(Segment segment, long offset, int position) {}

  /** What comes of a read, for {@link LogReader}. */
  interface Found {
    /** The batch that holds an offset stands there. */
    void at(long offset, int position);

    /** The segment has its whole index now. */
    void indexed(Segment segment);

    /** No batch was found where one should stand. */
    void corrupt(long offset, CorruptLogException cause);
  }

  private final LogDamages damages;
  private final Found found;

  ColdPath(LogState state, ColdReads reads, HotTail hot, LogDamages damages, Found found) {
    this.state = state;
    this.reads = reads;
    this.hot = hot;
    this.damages = damages;
    this.found = found;
  }

  /** Without a listener everything counts as hot. */
  void tellWhenWarm(Runnable listener) {
    onWarm = listener;
  }

  boolean isHot(long offset) {
    return onWarm == null || offset >= hot.from(state.endOffset());
  }

  /**
   * How much may be read without waiting for the disk.
   *
   * @param position where the batch stands that holds the offset, -1 when nobody knows without
   *     looking
   * @return 0 when nothing: it is on its way, and the listener will be told
   */
  int warmBytes(Segment segment, long offset, int position) throws IOException {
    int warmTo = position < 0 || ranges == null ? -1 : warmTo(segment, position);
    if (warmTo > position) {
      if (warmTo - position <= ColdRead.WARM_BYTES / 2 && warmTo < segment.sizeBytes()) {
        readAhead(segment, warmTo);
      }
      return warmTo - position;
    }
    want(new Wanted(segment, offset, position));
    return 0;
  }

  private int warmTo(Segment segment, int position) {
    WarmRanges known = ranges;
    return known == null
        ? -1
        : known.warmTo(segment.baseOffset(), position, state.context.owner().clock().nanoTime());
  }

  private void readAhead(Segment segment, int position) throws IOException {
    if (!reading && wanted.isEmpty()) {
      start(new Wanted(segment, ColdRead.AHEAD, position));
    }
  }

  private void want(Wanted what) throws IOException {
    if (!reading) {
      start(what);
    } else if (wanted.size() < MAX_WANTED && !wanted.contains(what)) {
      wanted.add(what);
    }
  }

  private void start(Wanted what) throws IOException {
    if (closed) {
      return;
    }
    ColdRead read =
        new ColdRead(
            reads,
            state,
            what.segment(),
            what.offset(),
            what.position(),
            damages.before(what.offset(), what.segment()));
    int cutsBefore = cuts;
    reading = true;
    read.start(() -> ended(read, cuts == cutsBefore));
  }

  private void ended(ColdRead read, boolean stillTrue) {
    reading = false;
    if (closed) {
      return;
    }
    IOException failure = read.failure();
    if (failure instanceof CorruptLogException corrupt && stillTrue) {
      found.corrupt(Math.max(read.offset(), read.segment().baseOffset()), corrupt);
      startNext();
      return;
    }
    if (failure != null) {
      state.fail(failure);
      return;
    }
    if (stillTrue) {
      if (ranges == null) {
        ranges = new WarmRanges();
      }
      ranges.add(
          read.segment().baseOffset(),
          read.position(),
          read.warmTo(),
          state.context.owner().clock().nanoTime());
      if (read.teach()) {
        found.indexed(read.segment());
      }
      if (read.offset() != ColdRead.AHEAD) {
        found.at(read.offset(), read.position());
      }
    }
    startNext();
    if (onWarm != null && read.offset() != ColdRead.AHEAD) {
      onWarm.run();
    }
  }

  private void startNext() {
    Wanted next = wanted.poll();
    if (next != null) {
      try {
        start(next);
      } catch (IOException e) {
        state.fail(e);
      }
    }
  }

  /** Whoever waits looks again, though nothing has come. */
  void tell() {
    if (onWarm != null && !closed) {
      onWarm.run();
    }
  }

  /** The log has been cut. */
  void forget() {
    forgetPlaces();
    hot.forget();
  }

  /** Offsets stand elsewhere; whoever waits has to come again, and is to be told. */
  void forgetPlaces() {
    cuts++;
    ranges = null;
    wanted.clear();
  }

  void close() {
    closed = true;
    wanted.clear();
  }
}
