package io.millrace.storage.log;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What compaction needs of one log: tells what there is, and puts what was written anew in the
 * place of what was there. Owned by the log's loop; {@link LogCompactor} does the work.
 */
final class LogCompaction {
  private static final Logger LOG = LoggerFactory.getLogger(LogCompaction.class);

  private final LogState state;
  private final LogContext context;
  private final LogFlusher flusher;
  private final LogReader reader;
  private final LogDamages damages;
  private final Runnable wakeReaders;
  private int reshapes;

  /** Who waits for a swap; told once, also when the log closes instead. */
  private @Nullable Consumer<Boolean> waiting;

  LogCompaction(
      LogState state,
      LogFlusher flusher,
      LogReader reader,
      LogDamages damages,
      Runnable wakeReaders) {
    this.state = state;
    this.context = state.context;
    this.flusher = flusher;
    this.reader = reader;
    this.damages = damages;
    this.wakeReaders = wakeReaders;
  }

  /** The log was cut or begins anew. */
  void reshaped() {
    reshapes++;
  }

  CompactionFacts facts(long highWatermark) {
    List<Segment> all = state.segments.all();
    Optional<LogDamage> damage = damages.first();
    return new CompactionFacts(
        context.directory(),
        all.subList(0, all.size() - 1).stream()
            .filter(segment -> segment.endOffset() > state.wantedStart)
            .map(CompactionFacts.ClosedSegment::of)
            .toList(),
        state.segments.active().baseOffset(),
        Math.min(highWatermark, state.flushedOffset),
        damage.map(LogDamage::fromOffset).orElse(Long.MAX_VALUE),
        state.config.compaction(),
        state.config.indexIntervalBytes(),
        isRetained() ? CompactionFacts.UNJOINED : state.config.segmentBytes(),
        state.producers.table().copy(),
        reshapes);
  }

  /** Retention takes whole segments of it. */
  private boolean isRetained() {
    return state.config.retentionMillis() != LogConfig.FOR_EVER
        || state.config.retentionBytes() != LogConfig.FOR_EVER;
  }

  /**
   * Puts what was written in the place of a segment, or of several, unless any of them has gone, or
   * has turned out to be damaged, meanwhile.
   *
   * @param closed neighbours, ascending
   * @param written forced
   * @param then on this loop, once: whether it stands there now
   */
  void swap(
      List<CompactionFacts.ClosedSegment> closed,
      SegmentCompaction.Written written,
      Consumer<Boolean> then) {
    if (waiting != null) {
      throw new IllegalStateException("two swaps of " + context.name() + " at a time");
    }
    waiting = then;
    flusher.runExclusively(
        () -> {
          if (state.failure != null || !closed.stream().allMatch(this::isStillThere)) {
            flusher.repairEnded();
            tell(false);
          } else {
            context
                .flushQueue()
                .submit(
                    new SegmentSwap(
                        context, closed, written, done -> swapped(done, closed, written)));
          }
        });
  }

  private boolean isStillThere(CompactionFacts.ClosedSegment closed) {
    LogDamage damage = damages.atOrBehind(closed.baseOffset());
    return state.segments.contains(closed.segment())
        && (damage == null || damage.fromOffset() >= closed.endOffset());
  }

  private void swapped(
      SegmentSwap done,
      List<CompactionFacts.ClosedSegment> closed,
      SegmentCompaction.Written written) {
    Throwable failure = done.failure();
    if (done.isSwapped() && failure == null) {
      apply(closed.stream().map(CompactionFacts.ClosedSegment::segment).toList(), written);
    }
    flusher.repairEnded();
    if (failure != null && done.isSwapped()) {
      state.fail(failure); // what stands there now is not what this log knows
    } else if (failure != null) {
      LOG.warn(
          "{}: {} stays as it is: {}", context.name(), closed.get(0).log(), failure.toString());
    }
    tell(done.isSwapped() && failure == null);
    wakeReaders.run();
  }

  /** On this loop, in the place of a flush: what was written stands there now. */
  void apply(List<Segment> old, SegmentCompaction.Written written) {
    IndexFile.Seal seal = written.seal();
    Segment fresh =
        Segment.found(
            context.directory(),
            new FoundSegment(
                old.get(0).baseOffset(),
                seal.sizeBytes(),
                seal.endOffset(),
                seal.maxTimestamp(),
                seal.lastAppendMillis()),
            true);
    state.segments.replace(old, fresh);
    state.cuts++; // who looks at the old file finds nothing out about the new one
    for (Segment each : old) {
      reader.replaced(each);
      each.closeFile(context.openFiles());
    }
  }

  private void tell(boolean isSwapped) {
    Consumer<Boolean> then = waiting;
    waiting = null;
    if (then != null) {
      then.accept(isSwapped);
    }
  }

  /** The log is offline or closed: nothing is put anywhere any more. */
  void close() {
    tell(false);
  }
}
