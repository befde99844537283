package io.millrace.storage.log;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Moves the beginning of a log: what was trimmed, and what retention lets go. Owned by the log's
 * loop.
 *
 * <p>The order is always: {@link LogState#wantedStart} says where the log is to begin; the flusher
 * makes that durable; only then does {@link LogState#startOffset} move, and the segments that lie
 * wholly before it leave the log; their files are {@link SegmentRemoval}'s from then on.
 */
final class LogFront implements LogFlusher.StartListener {
  /** Closed segments looked into at a time; each may cost the reading of its index. */
  private static final int LOOKED_INTO_AT_ONCE = 16;

  private static final String TRIMMED = "trimmed by request";

  private final LogState state;
  private final LogContext context;
  private final LogFlusher flusher;
  private final LogWriter writer;
  private final LogReader reader;
  private final Queue<TrimWaiter> waiters = new ArrayDeque<>();
  private String why = TRIMMED;
  private boolean looking;
  private boolean closed;

  private record TrimWaiter(long startOffset, Consumer<TrimResult> then) {}

  LogFront(LogState state, LogFlusher flusher, LogWriter writer, LogReader reader) {
    this.state = state;
    this.context = state.context;
    this.flusher = flusher;
    this.writer = writer;
    this.reader = reader;
  }

  /** See {@link PartitionLog#trim}. */
  void trim(long beforeOffset, long highWatermark, Consumer<TrimResult> then) {
    if (state.failure != null) {
      then.accept(new TrimResult.Unknown("the log of " + context.name() + " is offline"));
    } else if (beforeOffset > Math.min(highWatermark, state.endOffset())) {
      then.accept(new TrimResult.BeyondHighWatermark(state.startOffset, highWatermark));
    } else if (beforeOffset <= state.startOffset) {
      then.accept(new TrimResult.Trimmed(state.startOffset));
    } else {
      if (beforeOffset == state.endOffset()) {
        writer.rollNow(); // or the segment that is being written would keep all its bytes
      }
      if (beforeOffset > state.wantedStart) {
        state.wantedStart = beforeOffset;
        why = TRIMMED;
      }
      waiters.add(new TrimWaiter(beforeOffset, then));
      flusher.request();
    }
  }

  /** Lets go what is too old or too much, and closes a segment that nobody else would close. */
  void retain(long highWatermark, long nowMillis) {
    retain(highWatermark, nowMillis, false);
  }

  private void retain(long highWatermark, long nowMillis, boolean looked) {
    if (looking || closed || state.failure != null) {
      return;
    }
    Segment active = state.segments.active();
    boolean unknown = writer.isAgeUnknown() || isTimeUnknown(active);
    if (unknown && !looked) {
      look(List.of(active), highWatermark, nowMillis);
      return;
    }
    if (highWatermark >= active.endOffset() && isTooOld(active, nowMillis)) {
      writer.rollNow();
    } else {
      writer.rollIfOld(nowMillis);
    }
    List<Segment> closedSegments = closedSegments();
    RetentionPlan.Decision decision =
        RetentionPlan.decide(
            closedSegments.stream().map(LogFront::facts).toList(),
            closedSegments.stream().mapToLong(Segment::sizeBytes).sum()
                + state.segments.active().sizeBytes(),
            state.config,
            highWatermark,
            nowMillis);
    if (decision instanceof RetentionPlan.Decision.Remove remove) {
      state.wantedStart = remove.startOffset();
      why = reason(remove);
      flusher.request();
    } else if (decision instanceof RetentionPlan.Decision.Look && !looked) {
      look(
          closedSegments.stream()
              .filter(LogFront::isTimeUnknown)
              .limit(LOOKED_INTO_AT_ONCE)
              .toList(),
          highWatermark,
          nowMillis);
    }
  }

  private boolean isTooOld(Segment segment, long nowMillis) {
    return segment.sizeBytes() > 0
        && !isTimeUnknown(segment)
        && RetentionPlan.isTooOld(segment.lastAppendMillis(), state.config, nowMillis);
  }

  private static boolean isTimeUnknown(Segment segment) {
    return segment.sizeBytes() > 0 && segment.lastAppendMillis() == Segment.NO_TIMESTAMP;
  }

  /** But for those that are on their way out. */
  private List<Segment> closedSegments() {
    List<Segment> all = state.segments.all();
    return all.subList(0, all.size() - 1).stream()
        .filter(segment -> segment.endOffset() > state.wantedStart)
        .toList();
  }

  private static RetentionPlan.Closed facts(Segment segment) {
    long last = segment.lastAppendMillis();
    return new RetentionPlan.Closed(
        segment.endOffset(),
        segment.sizeBytes(),
        last == Segment.NO_TIMESTAMP ? RetentionPlan.UNKNOWN : last);
  }

  private String reason(RetentionPlan.Decision.Remove remove) {
    String byTime = "older than " + Wording.duration(state.config.retentionMillis());
    String bySize = "beyond the " + Wording.bytes(state.config.retentionBytes()) + " to keep";
    if (remove.bySize() == 0) {
      return byTime;
    }
    return remove.byTime() == 0 ? bySize : byTime + " or " + bySize;
  }

  /** Has the disk asked off this loop, then goes on. */
  private void look(List<Segment> segments, long highWatermark, long nowMillis) {
    looking = true;
    int cuts = state.cuts;
    List<AppendTimes.Question> questions = segments.stream().map(AppendTimes.Question::of).toList();
    context
        .housekeeping()
        .execute(
            () -> {
              List<AppendTimes> found = new ArrayList<>();
              IOException failed = null;
              try {
                for (AppendTimes.Question question : questions) {
                  found.add(AppendTimes.read(context.disk(), question));
                }
              } catch (IOException e) {
                failed = e;
              }
              IOException failure = failed;
              context
                  .owner()
                  .execute(
                      () -> {
                        // Compaction may have put another file in the place of one meanwhile.
                        boolean counts = failure == null || cuts == state.cuts;
                        looked(found, counts ? failure : null, highWatermark, nowMillis);
                      });
            });
  }

  private void looked(
      List<AppendTimes> found, @Nullable IOException failure, long highWatermark, long nowMillis) {
    looking = false;
    if (closed) {
      return;
    }
    for (AppendTimes times : found) {
      Segment segment = state.segments.get(state.segments.floor(times.baseOffset()));
      if (segment.baseOffset() == times.baseOffset()) {
        segment.learnLastAppend(times.last());
        if (segment == state.segments.active() && writer.isAgeUnknown()) {
          writer.learnAge(times.first());
        }
      }
    }
    if (failure != null) {
      state.fail(failure);
    }
    retain(highWatermark, nowMillis, isAnyUnknown(found));
  }

  /** Whether looking has not helped, so that it is not tried again before the next time. */
  private static boolean isAnyUnknown(List<AppendTimes> found) {
    return found.isEmpty()
        || found.stream().anyMatch(times -> times.last() == Segment.NO_TIMESTAMP);
  }

  @Override
  public void onDurable(long startOffset) {
    state.startOffset = startOffset;
    state.epochs.setStart(startOffset);
    List<Segment> gone = state.segments.removeBefore(state.segments.floor(startOffset));
    state.epochs.cutFront(state.segments.first().baseOffset());
    if (!gone.isEmpty()) {
      for (Segment segment : gone) {
        segment.closeFile(context.openFiles());
        reader.forget(segment);
      }
      context
          .removal()
          .remove(
              new SegmentRemoval.Removed(
                  context.name(),
                  gone.stream().map(SegmentRemoval.Gone::of).toList(),
                  gone.get(0).baseOffset(),
                  gone.get(gone.size() - 1).endOffset(),
                  why));
    }
    while (!waiters.isEmpty() && waiters.peek().startOffset() <= state.startOffset) {
      waiters.remove().then().accept(new TrimResult.Trimmed(state.startOffset));
    }
  }

  @Override
  public void onNoSpace(String reason) {
    state.wantedStart = state.startOffset;
    answerAll(new TrimResult.NoSpace(reason + "; free some space, then trim again"));
  }

  /** The log is offline, or is being closed. */
  void end(String reason) {
    closed = true;
    answerAll(new TrimResult.Unknown(reason));
  }

  private void answerAll(TrimResult result) {
    List<TrimWaiter> left = List.copyOf(waiters);
    waiters.clear();
    left.forEach(waiter -> waiter.then().accept(result));
  }
}
