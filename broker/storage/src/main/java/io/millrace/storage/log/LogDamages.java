package io.millrace.storage.log;

import io.millrace.storage.files.DiskFile;
import io.millrace.wire.BatchRewriter;
import io.millrace.wire.BatchScan;
import io.millrace.wire.BatchView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is known of a log's bytes that are not what was written, and how they are put right: with
 * the same batches from another replica, where they stand. Owned by the log's loop, but for what
 * says otherwise. Nothing damaged is read; everything else of the log is.
 */
public final class LogDamages {
  private static final Logger LOG = LoggerFactory.getLogger(LogDamages.class);

  /** Others are found when these have been repaired. */
  private static final int MOST_KNOWN = 64;

  private static final long ANSWERED_NANOS = 1_000_000_000;

  /** Read at a time by who looks through a whole segment: others wait for the same worker. */
  private static final int STEP_BYTES = 4 << 20;

  private final LogState state;
  private final LogContext context;
  private final LogFlusher flusher;
  private final Consumer<LogDamage> onFound;
  private final Runnable wakeReaders;
  private final NavigableMap<Long, LogDamage> known = new TreeMap<>();
  private boolean isChecking;

  /** What was reported and is whole: saying it again at once leads to no other look. */
  private long wholeOffset = -1;

  private long wholeNanos;
  private boolean isRepairing;
  private BiConsumer<List<Segment>, SegmentCompaction.Written> segmentsReplaced =
      (segments, written) -> {};
  private boolean isClosed;

  /**
   * @param onFound hears of each range that was not known
   * @param wakeReaders has those look again that wait for what is not in memory
   */
  LogDamages(
      LogState state, LogFlusher flusher, Consumer<LogDamage> onFound, Runnable wakeReaders) {
    this.wakeReaders = wakeReaders;
    this.state = state;
    this.context = state.context;
    this.flusher = flusher;
    this.onFound = onFound;
  }

  /**
   * @param replaced hears, on this loop, that what was written stands in the place of segments now
   */
  void replaceSegmentsBy(BiConsumer<List<Segment>, SegmentCompaction.Written> replaced) {
    segmentsReplaced = replaced;
  }

  /** The first one; empty as far as is known. */
  public Optional<LogDamage> first() {
    context.owner().assertInLoop();
    Map.Entry<Long, LogDamage> first = known.higherEntry(-1L);
    while (first != null && first.getValue().toOffset() <= state.startOffset) {
      known.remove(first.getKey()); // it has been trimmed, or retention took it
      first = known.higherEntry(-1L);
    }
    return first == null ? Optional.empty() : Optional.of(first.getValue());
  }

  /** How many ranges are known. */
  public int count() {
    first();
    return known.size();
  }

  /** The one that holds the offset, or the next one behind it. */
  @Nullable LogDamage atOrBehind(long offset) {
    if (known.isEmpty()) {
      return null;
    }
    Map.Entry<Long, LogDamage> at = known.floorEntry(offset);
    if (at != null && at.getValue().covers(offset)) {
      return at.getValue();
    }
    Map.Entry<Long, LogDamage> behind = known.ceilingEntry(offset);
    return behind == null ? null : behind.getValue();
  }

  /** The last one of a segment that lies before an offset. */
  @Nullable LogDamage before(long offset, Segment segment) {
    Map.Entry<Long, LogDamage> at = known.isEmpty() ? null : known.lowerEntry(offset);
    if (at == null || at.getKey() < segment.baseOffset()) {
      return null;
    }
    return at.getValue().toOffset() <= offset ? at.getValue() : null;
  }

  private boolean isKnownAt(long offset) {
    LogDamage at = atOrBehind(offset);
    return at != null && at.covers(offset);
  }

  private boolean isUsable() {
    return !isClosed && state.failure == null;
  }

  /** The log is cut, or begins anew: positions mean other things now. */
  void forget() {
    known.clear();
  }

  void close() {
    isClosed = true;
  }

  /** Any thread: something was found in a piece. */
  void foundLater(CheckPiece piece, LogDamage damage) {
    context
        .owner()
        .execute(
            () -> {
              if (piece.cuts() == state.cuts) {
                found(damage);
              }
            });
  }

  /** Any thread: a piece cannot be read, or has become shorter. */
  void failLater(CheckPiece piece, IOException cause) {
    context
        .owner()
        .execute(
            () -> {
              if (piece.cuts() == state.cuts && isUsable()) {
                state.fail(cause);
              }
            });
  }

  private void found(LogDamage damage) {
    if (!isUsable()
        || known.size() >= MOST_KNOWN
        || isKnownAt(damage.fromOffset())
        || damage.toOffset() <= state.startOffset) {
      return;
    }
    known.subMap(damage.fromOffset(), damage.toOffset()).clear();
    known.put(damage.fromOffset(), damage);
    context.counters().damaged();
    LOG.error("{}: {}", context.name(), damage);
    onFound.accept(damage);
  }

  // ---- Looking

  /**
   * What is to be read to look at everything from an offset on, one segment at a time. Any thread.
   *
   * @param then on the owner; null when there is nothing there, or the log is of no use
   */
  void pieceLater(long fromOffset, Consumer<@Nullable CheckPiece> then) {
    context
        .owner()
        .execute(() -> then.accept(isUsable() ? pieceAt(fromOffset, state.endOffset()) : null));
  }

  private @Nullable CheckPiece pieceAt(long fromOffset, long endOffset) {
    long from = Math.max(fromOffset, state.startOffset);
    if (from >= endOffset) {
      return null;
    }
    Segment segment = state.segments.get(state.segments.floor(from));
    return new CheckPiece(
        segment.logPath(),
        segment.indexPath(),
        segment.baseOffset(),
        0,
        segment.baseOffset(),
        segment.sizeBytes(),
        segment.endOffset(),
        segment.isSealed(),
        state.epochs.copy(),
        state.cuts);
  }

  /**
   * Somebody says that the batch at an offset is damaged: looks whether it is, on the cold-read
   * worker. One look of a log at a time; while it lasts, others are not listened to.
   *
   * @param then on this loop, where the look is begun: what is damaged there, if anything is;
   *     readers who wait for what is not in memory are woken before
   * @return whether a look is under way now
   */
  public boolean checkAt(long offset, Consumer<Optional<LogDamage>> then) {
    context.owner().assertInLoop();
    if (isChecking) {
      return true;
    }
    long now = context.owner().clock().nanoTime();
    boolean isAnswered = offset == wholeOffset && now - wholeNanos < ANSWERED_NANOS;
    CheckPiece piece = pieceAt(offset, state.endOffset());
    if (isAnswered
        || !isUsable()
        || isKnownAt(offset)
        || piece == null
        || piece.offset() > offset) {
      return false;
    }
    isChecking = true;
    context
        .coldReads()
        .submit(
            () ->
                checkAt(
                    piece,
                    offset,
                    found -> {
                      if (found.isEmpty()) {
                        wholeOffset = offset;
                        wholeNanos = context.owner().clock().nanoTime();
                      }
                      wakeReaders.run();
                      then.accept(found);
                    }));
    return true;
  }

  private void checkAt(CheckPiece piece, long offset, Consumer<Optional<LogDamage>> then) {
    LogDamage found = null;
    try (DiskFile file = context.disk().openForReading(piece.file())) {
      found = start(piece, file, offset).stepTo(offset);
    } catch (IOException e) {
      LOG.warn("{}: looking at offset {} failed", context.name(), offset, e);
    }
    ended(piece, found, then);
  }

  /** From the index entry before the offset, if a good batch stands there. */
  private DamageCheck start(CheckPiece piece, DiskFile file, long offset) throws IOException {
    SparseIndex index =
        IndexFile.load(
                context.disk(),
                piece.indexFile(),
                piece.baseOffset(),
                piece.limit(),
                SparseIndex.MAX_ENTRIES)
            .index();
    int entry = index.floorByOffset(offset - piece.baseOffset());
    if (entry >= 0) {
      int position = index.position(entry);
      long expected = piece.baseOffset() + index.offsetDelta(entry);
      BatchWalk walk = context.coldReads().headers().headers(file, position, piece.limit());
      if (walk.next() == BatchScan.WHOLE && walk.batch().baseOffset() == expected) {
        return new DamageCheck(
            piece.startingAt(position, expected), file, context.coldReads().headers());
      }
    }
    return new DamageCheck(piece, file, context.coldReads().headers());
  }

  /**
   * A reader has met something that is no batch: all of that segment is looked through, a few
   * megabytes at a time. If nothing is wrong with it the reader's trouble has another cause, and
   * the log is offline.
   */
  void onCorrupt(long offset, CorruptLogException cause) {
    if (isChecking || !isUsable()) {
      return;
    }
    CheckPiece piece = pieceAt(offset, state.endOffset());
    if (piece == null) {
      state.fail(cause);
      return;
    }
    isChecking = true;
    checkOn(
        piece,
        found -> {
          if (found.isEmpty() && !isKnownWithin(piece)) {
            state.fail(cause);
          }
        });
  }

  private boolean isKnownWithin(CheckPiece piece) {
    return !known.subMap(piece.baseOffset(), piece.limitOffset()).isEmpty();
  }

  private void checkOn(CheckPiece rest, Consumer<Optional<LogDamage>> then) {
    context
        .coldReads()
        .submit(
            () -> {
              LogDamage found = null;
              try (DiskFile file = context.disk().openForReading(rest.file())) {
                DamageCheck check = new DamageCheck(rest, file, context.coldReads().headers());
                found = check.step(STEP_BYTES);
                if (found == null && !check.isOver()) {
                  checkOn(rest.startingAt(check.position(), check.nextOffset()), then);
                  return;
                }
              } catch (IOException e) {
                failLater(rest, e);
              }
              ended(rest, found, then);
            });
  }

  private void ended(
      CheckPiece piece, @Nullable LogDamage damage, Consumer<Optional<LogDamage>> then) {
    context
        .owner()
        .execute(
            () -> {
              isChecking = false;
              boolean counts = piece.cuts() == state.cuts && isUsable();
              if (counts && damage != null) {
                found(damage);
              }
              if (counts) {
                then.accept(Optional.ofNullable(damage));
              }
            });
  }

  // ---- Putting right

  /**
   * Writes batches over the first known range.
   *
   * @param given as another replica has them from that range's first offset on; they may reach
   *     beyond it. Not to be changed before {@code then}
   * @param then on this loop, unless the log is closed before; {@link RepairOutcome.Partly}: the
   *     rest is wanted
   */
  public void repair(ByteBuffer given, Consumer<RepairOutcome> then) {
    context.owner().assertInLoop();
    Optional<LogDamage> first = first();
    if (first.isEmpty()) {
      then.accept(new RepairOutcome.Repaired());
      return;
    }
    LogDamage damage = first.get();
    if (isRepairing || !isUsable()) {
      then.accept(new RepairOutcome.Refused("the log is at work or of no use"));
      return;
    }
    // Which may have one empty batch over more offsets than are damaged here.
    ByteBuffer batches = BatchRewriter.beginningAt(given, damage.fromOffset());
    Fit fit = fit(damage, batches);
    if (fit.problem() != null) {
      then.accept(new RepairOutcome.Refused(fit.problem()));
      return;
    }
    ByteBuffer right = batches.slice(batches.position(), fit.sizeBytes());
    if (fit.sizeBytes() > damage.sizeBytes()
        || (fit.nextOffset() == damage.toOffset() && fit.sizeBytes() != damage.sizeBytes())) {
      writeAnew(damage, fit, right, then);
      return;
    }
    isRepairing = true;
    int cuts = state.cuts;
    flusher.runExclusively(
        () -> {
          if (state.cuts != cuts) {
            isRepairing = false;
            flusher.repairEnded();
            then.accept(new RepairOutcome.Refused("the log has been cut meanwhile"));
            return;
          }
          context
              .flushQueue()
              .submit(
                  new DamageRepair(
                      context, damage, right, done -> repaired(done, damage, fit, then)));
        });
  }

  /**
   * What belongs there is of another size, since each replica compacts alone: the segment is
   * written again around it, and takes its own place as after compaction.
   */
  private void writeAnew(
      LogDamage damage, Fit fit, ByteBuffer right, Consumer<RepairOutcome> then) {
    Segment segment = state.segments.get(state.segments.floor(damage.fromOffset()));
    if (segment == state.segments.active()) {
      then.accept(
          new RepairOutcome.Refused(
              "what belongs there is of another size, and the segment is still being written: it is"
                  + " put right once that is closed"));
      return;
    }
    if (!known.subMap(damage.toOffset(), segment.endOffset()).isEmpty()) {
      then.accept(
          new RepairOutcome.Refused(
              "what belongs there is of another size, and the segment is damaged elsewhere too"));
      return;
    }
    isRepairing = true;
    int cuts = state.cuts;
    CompactionFacts.ClosedSegment closed = CompactionFacts.ClosedSegment.of(segment);
    int indexIntervalBytes = state.config.indexIntervalBytes();
    context
        .coldReads()
        .submit(
            () -> {
              SegmentCompaction.Written written = null;
              String why = "";
              try {
                written =
                    SegmentMend.write(context.disk(), closed, damage, right, indexIntervalBytes);
              } catch (IOException e) {
                LOG.warn("{}: writing {} again failed", context.name(), closed.log(), e);
                why = "writing the segment again failed: " + e;
              }
              SegmentCompaction.Written done = written;
              String failure = why;
              context.owner().execute(() -> put(closed, done, cuts, failure, damage, fit, then));
            });
  }

  private void put(
      CompactionFacts.ClosedSegment closed,
      SegmentCompaction.@Nullable Written written,
      int cuts,
      String failure,
      LogDamage damage,
      Fit fit,
      Consumer<RepairOutcome> then) {
    if (written == null) {
      isRepairing = false;
      then.accept(new RepairOutcome.Refused(failure));
      return;
    }
    flusher.runExclusively(
        () -> {
          if (state.cuts != cuts || !isUsable()) {
            isRepairing = false;
            flusher.repairEnded();
            then.accept(new RepairOutcome.Refused("the log has been changed meanwhile"));
            return;
          }
          context
              .flushQueue()
              .submit(
                  new SegmentSwap(
                      context,
                      List.of(closed),
                      written,
                      done -> replaced(done, closed, written, damage, fit, then)));
        });
  }

  private void replaced(
      SegmentSwap done,
      CompactionFacts.ClosedSegment closed,
      SegmentCompaction.Written written,
      LogDamage damage,
      Fit fit,
      Consumer<RepairOutcome> then) {
    isRepairing = false;
    Throwable failure = done.failure();
    if (done.isSwapped() && failure == null) {
      segmentsReplaced.accept(List.of(closed.segment()), written);
      known.remove(damage.fromOffset(), damage);
      context.counters().repaired();
    }
    flusher.repairEnded();
    if (failure != null && done.isSwapped()) {
      state.fail(failure); // what stands there now is not what this log knows
    }
    if (failure != null || !done.isSwapped()) {
      then.accept(new RepairOutcome.Refused("the segment was not replaced: " + failure));
      return;
    }
    LOG.info(
        "{}: offsets {} to {} are put right, as the other replica has compacted them",
        context.name(),
        damage.fromOffset(),
        fit.last());
    wakeReaders.run();
    then.accept(new RepairOutcome.Repaired());
  }

  private void repaired(
      DamageRepair done, LogDamage damage, Fit fit, Consumer<RepairOutcome> then) {
    isRepairing = false;
    Throwable failure = done.failure();
    if (failure == null && known.remove(damage.fromOffset(), damage)) {
      if (fit.nextOffset() < damage.toOffset()) {
        LogDamage rest = damage.from(damage.position() + fit.sizeBytes(), fit.nextOffset());
        known.put(rest.fromOffset(), rest);
      } else {
        context.counters().repaired();
      }
    }
    flusher.repairEnded();
    if (failure != null) {
      then.accept(new RepairOutcome.Refused("writing failed: " + failure));
    } else if (fit.nextOffset() < damage.toOffset()) {
      then.accept(new RepairOutcome.Partly(fit.nextOffset()));
    } else {
      LOG.info(
          "{}: offsets {} to {} are put right", context.name(), damage.fromOffset(), fit.last());
      then.accept(new RepairOutcome.Repaired());
    }
  }

  /** How much of what another replica has belongs into a range, or why nothing of it does. */
  private record Fit(int sizeBytes, long nextOffset, @Nullable String problem) {
    long last() {
      return nextOffset - 1;
    }

    static Fit none(String why) {
      return new Fit(0, 0, why);
    }
  }

  /**
   * Two replicas that have the same epoch at an offset have the same bytes there; so the range is
   * filled to its last byte, or the two logs are not the same and nothing is touched. In a
   * compacted log the bytes may differ, since each replica compacts alone: what fills the range to
   * its last offset says what stood there too, in more or fewer bytes.
   */
  private Fit fit(LogDamage damage, ByteBuffer batches) {
    BatchView batch = new BatchView();
    long next = damage.fromOffset();
    int at = batches.position();
    while (at < batches.limit() && next < damage.toOffset()) {
      if (batch.scan(batches, at, batches.limit()) != BatchScan.WHOLE) {
        break;
      }
      if (!batch.checksumMatches()) {
        return Fit.none("what the other replica has at offset " + next + " is damaged too");
      }
      if (batch.hasLostTombstones()) {
        // What it deletes may still stand before the range here, and would be there again.
        return Fit.none("the other replica has compacted offset " + next + " further");
      }
      int size = at - batches.position() + batch.sizeBytes();
      boolean isOfItsSize =
          size <= damage.sizeBytes()
              && (batch.nextOffset() < damage.toOffset() || size == damage.sizeBytes());
      boolean fits =
          batch.baseOffset() == next
              && batch.nextOffset() <= damage.toOffset()
              && (isOfItsSize || state.config.compaction().isOn());
      int epoch = state.epochs.epochAt(next);
      if (!fits || (epoch >= 0 && epoch != batch.leaderEpoch())) {
        return Fit.none(
            "the other replica has a batch of offsets %d to %d, epoch %d, %d bytes to here, which does not fit"
                .formatted(batch.baseOffset(), batch.lastOffset(), batch.leaderEpoch(), size));
      }
      next = batch.nextOffset();
      at += batch.sizeBytes();
    }
    if (next < damage.toOffset() && at - batches.position() > damage.sizeBytes()) {
      return Fit.none("what the other replica has is larger, and is not all of it");
    }
    return at == batches.position()
        ? Fit.none("the other replica has given no batch of offset " + next)
        : new Fit(at - batches.position(), next, null);
  }
}
