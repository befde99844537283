package io.millrace.storage.log;

import io.millrace.storage.directory.CheckpointEntry;
import io.millrace.storage.directory.LogEnd;
import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.producers.ProducerTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records of one partition on one broker.
 *
 * <p>Owned by one event loop; every method is called on it unless it says otherwise. Nothing here
 * waits for the disk beyond the page cache: forcing and cutting happen on the flush worker and
 * report back. Knows offsets and epochs; what may be shown to whom, and what an acknowledgement
 * means, is the server's business.
 */
public final class PartitionLog {
  private static final Logger LOG = LoggerFactory.getLogger(PartitionLog.class);

  private final LogState state;
  private final LogContext context;
  private final LogFlusher flusher;
  private final LogWriter writer;
  private final LogReader reader;
  private final LogFront front;
  private final LogReshaping reshaping;
  private final LogDamages damages;
  private final LogTimes times;
  private final LogCompaction compaction;
  private boolean closing;

  // Remembered for the checkpoint, which another thread writes.
  private volatile long highWatermarkHint;
  private volatile int highestEpochSeen;

  /** About how much it holds, for whoever plans to read all of it. */
  private volatile long sizeHintBytes;

  private volatile boolean isCompacting;

  PartitionLog(
      LogContext context,
      LogRecovery.Recovered recovered,
      ProducerRebuild.Rebuilt producers,
      LogConfig config,
      CheckpointEntry remembered,
      LogListener listener) {
    this.context = context;
    this.state =
        new LogState(
            context,
            recovered,
            producers,
            config,
            remembered.recoveryPoint(),
            cause -> failed(cause, listener));
    this.flusher = new LogFlusher(state, listener::onFlushed);
    if (recovered.report().untouched()) {
      flusher.namesMayBeUnforced();
    }
    this.writer = new LogWriter(state, flusher);
    this.damages =
        new LogDamages(
            state,
            flusher,
            damage -> {
              listener.onDamaged(damage);
              wakeReaders();
            },
            this::wakeReaders);
    this.reader = new LogReader(state, damages);
    this.writer.tellOfDamage(
        cause -> damages.onCorrupt(state.segments.active().baseOffset(), cause));
    this.times = new LogTimes(state, damages);
    this.front = new LogFront(state, flusher, writer, reader);
    flusher.tellOfStart(front);
    this.reshaping = new LogReshaping(state, flusher, this::onReshaped);
    this.compaction = new LogCompaction(state, flusher, reader, damages, this::wakeReaders);
    damages.replaceSegmentsBy(compaction::apply);
    this.sizeHintBytes = state.segments.sizeBytes();
    this.isCompacting = config.compaction().isOn();
    this.highWatermarkHint = remembered.highWatermark();
    this.highestEpochSeen = Math.max(remembered.highestEpoch(), state.epochs.latest());
  }

  private void failed(Throwable cause, LogListener listener) {
    LOG.error("{} is offline from now on", name(), cause);
    endAll("the log of " + name() + " has failed: " + cause);
    listener.onFailed(cause);
  }

  private void endAll(String why) {
    front.end(why);
    reader.cold().close();
    damages.close();
    times.close();
    compaction.close();
  }

  /** Whoever waits for what cannot be given is told so. */
  private void wakeReaders() {
    reader.cold().tell();
  }

  /** What is known of its bytes that are not what was written. Any thread. */
  public LogDamages damages() {
    return damages;
  }

  /** Any thread. */
  long sizeHintBytes() {
    return sizeHintBytes;
  }

  public PartitionName name() {
    return context.name();
  }

  /** First offset that can be read. */
  public long startOffset() {
    context.owner().assertInLoop();
    return state.startOffset;
  }

  /** Next offset to be written. */
  public long endOffset() {
    context.owner().assertInLoop();
    return state.endOffset();
  }

  /** All below this offset is on disk. */
  public long flushedOffset() {
    context.owner().assertInLoop();
    return state.flushedOffset;
  }

  /** Of all segments, without their indexes. */
  public long sizeBytes() {
    context.owner().assertInLoop();
    return state.segments.sizeBytes();
  }

  public int segmentCount() {
    context.owner().assertInLoop();
    return state.segments.count();
  }

  /** The last leader epoch in the log's history, -1 when there is none. */
  public int latestEpoch() {
    context.owner().assertInLoop();
    return state.epochs.latest();
  }

  /**
   * Who has written what the log holds; another one after each {@linkplain #truncateTo cut}. To be
   * asked, and told what is staged; what stands in the log it learns here.
   */
  public ProducerTable producers() {
    context.owner().assertInLoop();
    return state.producers.table();
  }

  /** Why the log is offline; empty while it works. */
  public Optional<Throwable> failure() {
    context.owner().assertInLoop();
    return Optional.ofNullable(state.failure);
  }

  /** New settings hold from the next append, flush and look at retention on. */
  public void configure(LogConfig config) {
    context.owner().assertInLoop();
    state.config = config;
    isCompacting = config.compaction().isOn();
  }

  /**
   * Appends what this turn of the loop has for the partition, in order, as its leader: gives every
   * batch its offset, the epoch and the append time, in place, and writes all of it at once.
   *
   * @param shares each one or more whole batches, validated; their positions move to their limits.
   *     They may be used again when this returns
   * @param epoch begun by {@link #beginEpoch}, and the last one
   */
  public AppendResult append(List<ByteBuffer> shares, int epoch, long nowMillis) {
    assertWritable();
    if (epoch != state.epochs.latest()) {
      throw new IllegalStateException("epoch " + epoch + " of " + name() + " has not been begun");
    }
    return writer.append(shares, epoch, nowMillis);
  }

  /**
   * Appends batches as a leader wrote them, offsets and epochs included; they must continue this
   * log.
   */
  public AppendResult appendCopy(ByteBuffer share, long nowMillis) {
    assertWritable();
    AppendResult result = writer.appendCopy(share, nowMillis);
    noteLeaderEpoch(state.epochs.latest());
    return result;
  }

  /**
   * Begins a leader epoch at the log's end, before its first append. Nobody has to wait for the
   * disk: {@code leader-epochs} names the epoch before a record of it counts as flushed, and until
   * then the batches themselves tell a recovery, which reads all that is not flushed (4.3).
   */
  public void beginEpoch(int epoch) {
    assertWritable();
    state.epochs.begin(epoch, state.endOffset());
    noteLeaderEpoch(epoch);
  }

  /**
   * Where the largest epoch that is not above the given one ended here: two logs that differ there
   * are not the same up to their ends.
   */
  public EpochEnd endOffsetForEpoch(int epoch) {
    context.owner().assertInLoop();
    return state.epochs.endOf(epoch, state.endOffset());
  }

  /** The epoch in which the record at an offset was written, -1 when nothing tells. */
  public int epochAt(long offset) {
    context.owner().assertInLoop();
    return state.epochs.epochAt(offset);
  }

  /**
   * Plans an answer of whole batches: at least one, even if it is larger than the limit; the first
   * may begin before the offset; all of one segment.
   *
   * @param maxBytes of the slice, but for a first batch that is larger
   *     <p>With {@link #tellWhenWarm}, {@link ReadResult.Cold} stands for what would wait for the
   *     disk.
   * @param visibleEnd nothing at or behind this offset is shown
   * @throws IOException the log is offline now
   */
  public ReadResult read(long fetchOffset, long maxBytes, long visibleEnd) throws IOException {
    assertUsable();
    LogDamage damage = damages.atOrBehind(fetchOffset);
    if (damage != null && damage.covers(fetchOffset)) {
      return new ReadResult.Damaged(damage);
    }
    long end = visibleEnd;
    if (damage != null && damage.fromOffset() < visibleEnd) {
      reader.rememberStartOf(damage);
      end = damage.fromOffset();
    }
    try {
      return reader.read(fetchOffset, maxBytes, end);
    } catch (CorruptLogException e) {
      damages.onCorrupt(fetchOffset, e);
      return ReadResult.Cold.INSTANCE; // once it is known what is damaged, it is said
    } catch (IOException e) {
      state.fail(e);
      throw e;
    }
  }

  /**
   * From now on {@link #read} never waits for the disk: what is not in memory is brought there by
   * the cold-read worker.
   *
   * @param listener on this loop, whenever something that was asked for has come, or will not come
   */
  public void tellWhenWarm(Runnable listener) {
    context.owner().assertInLoop();
    reader.cold().tellWhenWarm(listener);
  }

  /**
   * Looks for the first record at or after a time, off this loop.
   *
   * @param visibleEnd nothing at or behind this offset counts
   * @param then on this loop, once
   */
  public void findTime(long timestampMillis, long visibleEnd, Consumer<TimeAnswer> then) {
    context.owner().assertInLoop();
    if (closing || state.failure != null) {
      then.accept(new TimeAnswer.Failed("the log of " + name() + " is closed or offline"));
    } else {
      times.find(timestampMillis, visibleEnd, then);
    }
  }

  /**
   * What has been written is forced soon, and {@link LogListener#onFlushed} tells; shared with
   * everybody who asks before the next force begins.
   */
  public void requestFlush() {
    context.owner().assertInLoop();
    flusher.request();
  }

  /**
   * Cuts the log so that it ends at or before an offset: at the batch that holds it, since batches
   * are not cut. Appends and epochs have to wait until it is done; nothing at or behind the offset
   * may be read meanwhile.
   *
   * @param offset not before {@link #startOffset}: a replica that differs there is to be deleted
   * @param whenDone on this loop, once the cut is on disk; never if the log fails
   */
  public void truncateTo(long offset, Runnable whenDone) {
    assertWritable();
    if (offset < state.wantedStart) {
      throw new IllegalArgumentException(
          name() + " cannot be cut to " + offset + ", it begins at " + state.wantedStart);
    }
    if (offset >= state.endOffset()) {
      whenDone.run();
      return;
    }
    reshaping.cut(offset, whenDone);
  }

  /**
   * Throws everything away, and begins as an empty log elsewhere. Appends and epochs have to wait
   * until it is done, and nothing may be read meanwhile.
   *
   * @param beginsAt offset of the first batch to be appended; {@link #endOffset} from then on
   * @param start {@link #startOffset} from then on: {@code beginsAt}, or in that first batch
   * @param whenDone on this loop, once it is so on disk; never if the log fails
   */
  public void startOver(long beginsAt, long start, Runnable whenDone) {
    assertWritable();
    if (beginsAt < 0 || start < beginsAt) {
      throw new IllegalArgumentException(
          name() + " cannot begin with offset " + beginsAt + " and be read from " + start);
    }
    reshaping.startOver(beginsAt, start, whenDone);
  }

  /** The earliest offset that {@link #truncateTo} takes. */
  public long earliestEnd() {
    context.owner().assertInLoop();
    return state.wantedStart;
  }

  /**
   * Forgets everything before an offset, which may lie in the middle of a segment or batch: it is
   * the first that can be read from then on. Segments that lie wholly before it are removed. Never
   * moves the start back.
   *
   * @param highWatermark what is not committed cannot be trimmed
   * @param then on this loop, once; with {@link TrimResult.Trimmed} when the new start is on disk
   */
  public void trim(long beforeOffset, long highWatermark, Consumer<TrimResult> then) {
    assertWritable();
    front.trim(beforeOffset, highWatermark, then);
  }

  /** Any thread: see {@link #retain}. */
  void retainLater(long nowMillis) {
    context.owner().execute(() -> retain(nowMillis));
  }

  /**
   * Closes an active segment whose time has come, and lets closed ones go by age and size, as far
   * as they lie below the high watermark last noted. {@link LogStore} does so from time to time.
   */
  private void retain(long nowMillis) {
    context.owner().assertInLoop();
    sizeHintBytes = state.segments.sizeBytes();
    if (!closing && !reshaping.isUnderWay()) {
      front.retain(highWatermarkHint, nowMillis);
      if (state.producers.look(nowMillis)) {
        flusher.request();
      }
    }
  }

  /** Whether only the latest record of each key is to be kept. Any thread. */
  boolean isCompacting() {
    return isCompacting;
  }

  /**
   * What there is to be compacted. Any thread.
   *
   * @param then on the owner; null when the log is of no use now
   */
  void compactionFactsLater(Consumer<@Nullable CompactionFacts> then) {
    context
        .owner()
        .execute(
            () ->
                then.accept(
                    closing || state.failure != null ? null : compaction.facts(highWatermarkHint)));
  }

  /** Any thread. */
  Path directory() {
    return context.directory();
  }

  /** Something is wrong with the batch at an offset: it is looked at. Any thread. */
  void lookForDamageLater(long offset) {
    context
        .owner()
        .execute(
            () -> {
              if (!closing && state.failure == null) {
                damages.checkAt(offset, found -> {});
              }
            });
  }

  /** See {@link LogCompaction#swap}. Any thread. */
  void swapLater(
      List<CompactionFacts.ClosedSegment> segments,
      SegmentCompaction.Written written,
      Consumer<Boolean> then) {
    context
        .owner()
        .execute(
            () -> {
              if (closing || state.failure != null) {
                then.accept(false);
              } else {
                compaction.swap(segments, written, then);
              }
            });
  }

  /**
   * Closes the active segment if it begins before an offset, so that it can be compacted too. Any
   * thread.
   *
   * @param before {@link Long#MAX_VALUE}: in any case
   * @param then on the owner: that offset, or where the log ends if it ends before it
   */
  void rollLater(long before, Consumer<Long> then) {
    context
        .owner()
        .execute(
            () -> {
              long wanted = Math.min(before, state.endOffset());
              if (!closing
                  && state.failure == null
                  && !reshaping.isUnderWay()
                  && state.segments.active().baseOffset() < wanted) {
                writer.rollNow();
              }
              then.accept(wanted);
            });
  }

  private void onReshaped() {
    reader.forgetPositions();
    damages.forget();
    writer.forgetAge();
    compaction.reshaped();
    highWatermarkHint = Math.min(highWatermarkHint, state.endOffset());
  }

  /** Remembered in the next checkpoint; nothing depends on it. */
  public void noteHighWatermark(long highWatermark) {
    context.owner().assertInLoop();
    highWatermarkHint = highWatermark;
  }

  /** As of the last checkpoint, or of what was noted since; to be bounded to the log. */
  public long highWatermarkHint() {
    context.owner().assertInLoop();
    return highWatermarkHint;
  }

  /** Remembered in the next checkpoint, so that nobody can go back below it. */
  public void noteLeaderEpoch(int epoch) {
    context.owner().assertInLoop();
    if (epoch > highestEpochSeen) {
      highestEpochSeen = epoch;
    }
  }

  /** Highest leader epoch this replica has seen, -1 for none. */
  public int highestEpochSeen() {
    context.owner().assertInLoop();
    return highestEpochSeen;
  }

  /** What to remember of this log now. Any thread. */
  CheckpointEntry checkpoint(String bootTag) {
    return new CheckpointEntry(
        state.recoveryPoint, Math.max(0, highWatermarkHint), highestEpochSeen, bootTag);
  }

  /**
   * Forces everything and lets go of the files. Any thread.
   *
   * @param whenClosed on the owner: how the log ended, or empty when it failed, now or before
   */
  void closeLater(Consumer<Optional<LogEnd>> whenClosed) {
    context.owner().execute(() -> close(whenClosed));
  }

  private void close(Consumer<Optional<LogEnd>> whenClosed) {
    assertNotClosing();
    closing = true;
    reshaping.close();
    flusher.flushAllThen(
        () -> {
          endAll("the log of " + name() + " has been closed");
          closeFiles();
          whenClosed.accept(state.failure == null ? Optional.of(logEnd()) : Optional.empty());
        });
  }

  /**
   * Lets go of the files without forcing anything: the log is to be deleted. Any thread.
   *
   * @param whenClosed on the owner
   */
  void abandonLater(Runnable whenClosed) {
    context.owner().execute(() -> abandon(whenClosed));
  }

  private void abandon(Runnable whenClosed) {
    assertNotClosing();
    closing = true;
    reshaping.close();
    flusher.stopThen(
        () -> {
          endAll("the log of " + name() + " has been closed");
          closeFiles();
          whenClosed.run();
        });
  }

  private LogEnd logEnd() {
    Segment active = state.segments.active();
    return new LogEnd(
        active.endOffset(),
        flusher.listedEpoch(),
        state.segments.all().size(),
        active.baseOffset(),
        active.sizeBytes(),
        active.maxTimestamp(),
        state.producers.table().size() == 0 ? LogEnd.NO_PRODUCERS : active.endOffset());
  }

  private void closeFiles() {
    for (Segment segment : state.segments.all()) {
      segment.closeFile(context.openFiles());
    }
  }

  private void assertNotClosing() {
    context.owner().assertInLoop();
    if (closing) {
      throw new IllegalStateException("the log of " + name() + " is closed");
    }
  }

  private void assertUsable() throws IOException {
    assertNotClosing();
    Throwable failure = state.failure;
    if (failure != null) {
      throw new IOException("the log of " + name() + " is offline", failure);
    }
  }

  private void assertWritable() {
    assertNotClosing();
    if (reshaping.isUnderWay()) {
      throw new IllegalStateException("the log of " + name() + " is being cut");
    }
  }

  @Override
  public String toString() {
    return "log of " + name();
  }
}
