package io.millrace.storage.log;

import io.millrace.rpc.SafetyRule;
import io.millrace.storage.files.DiskFullException;
import io.millrace.storage.log.AppendResult.AppendFailure;
import io.millrace.wire.BatchLayout;
import io.millrace.wire.BatchScan;
import io.millrace.wire.BatchView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Appends to the active segment and closes it when it is full or old. Owned by the log's loop.
 *
 * <p>All shares that fit into the active segment go out in one gathering write; only when that has
 * succeeded does anything in memory change.
 */
final class LogWriter {
  /** Offsets in an index count from the segment's base, in 31 bits. */
  private static final long MAX_OFFSETS_PER_SEGMENT = Integer.MAX_VALUE;

  private static final long NOT_LOOKED = -2;
  private static final long EMPTY = -1;

  private final LogState state;
  private final LogContext context;
  private final LogFlusher flusher;

  /** Append time of the active segment's first batch. */
  private long activeSinceMillis = NOT_LOOKED;

  private Consumer<CorruptLogException> onDamaged = cause -> {};

  LogWriter(LogState state, LogFlusher flusher) {
    this.state = state;
    this.context = state.context;
    this.flusher = flusher;
  }

  /** Once, before the log is used: hears that the active segment does not begin with a batch. */
  void tellOfDamage(Consumer<CorruptLogException> listener) {
    onDamaged = listener;
  }

  /** What the leader writes into each batch; null where the batches are copies of a leader's. */
  private record Stamp(int epoch, long appendTimeMillis) {}

  /** See {@link PartitionLog#append}. */
  AppendResult append(List<ByteBuffer> shares, int epoch, long nowMillis) {
    return append(shares, new Stamp(epoch, nowMillis), nowMillis);
  }

  /** See {@link PartitionLog#appendCopy}. */
  AppendResult appendCopy(ByteBuffer share, long nowMillis) {
    return append(List.of(share), null, nowMillis);
  }

  private AppendResult append(List<ByteBuffer> shares, @Nullable Stamp stamp, long nowMillis) {
    long[] baseOffsets = new long[shares.size()];
    Throwable broken = state.failure != null ? state.failure : context.flushQueue().failure();
    if (broken != null) {
      return AppendResult.failed(baseOffsets, 0, new AppendFailure.Broken(broken));
    }
    int first = 0;
    try {
      if (isTooOld(nowMillis)) {
        roll();
      }
      while (first < shares.size()) {
        int end = writeWhatFits(shares, first, stamp, baseOffsets, nowMillis);
        if (end == first) {
          roll();
        }
        first = end;
      }
      return AppendResult.complete(baseOffsets);
    } catch (DiskFullException e) {
      context.fullDisk().met(e.getMessage());
      String why =
          e.getMessage()
              + "; free some space on that disk, or shorten the retention of a topic, and retry";
      return AppendResult.failed(baseOffsets, first, new AppendFailure.DiskFull(why));
    } catch (IOException e) {
      state.fail(e);
      return AppendResult.failed(baseOffsets, first, new AppendFailure.Broken(e));
    }
  }

  /** Writes shares from {@code first} on; returns the first that no longer fits. */
  private int writeWhatFits(
      List<ByteBuffer> shares, int first, @Nullable Stamp stamp, long[] baseOffsets, long nowMillis)
      throws IOException {
    Segment segment = state.segments.active();
    LoopScratch.Candidates candidates = context.scratch().candidates;
    candidates.count = 0;
    long size = segment.sizeBytes();
    long next = segment.endOffset();
    long maxTimestamp = segment.maxTimestamp();
    int lastIndexed = Math.max(0, segment.lastIndexedPosition());
    boolean indexFirst = segment.lastIndexedPosition() < 0 && size > 0;
    long lastAppend = segment.lastAppendMillis();
    boolean hasProducers = false;
    int end = first;
    while (end < shares.size()) {
      ByteBuffer share = shares.get(end);
      if (size > 0 && size + share.remaining() > state.config.segmentBytes()) {
        break;
      }
      if (!share.hasRemaining()) {
        throw new IllegalArgumentException("a share without a batch");
      }
      baseOffsets[end] = next;
      BatchView batch = context.scratch().batch;
      for (int at = share.position(); at < share.limit(); at += batch.sizeBytes()) {
        if (batch.scan(share, at, share.limit()) != BatchScan.WHOLE) {
          throw new IllegalArgumentException("a share that was not validated: " + batch.problem());
        }
        if (stamp != null) {
          batch.stamp(next, stamp.epoch(), stamp.appendTimeMillis());
        } else {
          beginCopiedEpoch(batch, next);
        }
        if (indexFirst || size - lastIndexed >= state.config.indexIntervalBytes()) {
          candidates.add((int) (next - segment.baseOffset()), (int) size, maxTimestamp);
          lastIndexed = (int) size;
          indexFirst = false;
        }
        maxTimestamp = Math.max(maxTimestamp, BatchWalk.maxTimestamp(batch));
        lastAppend = Math.max(lastAppend, batch.appendTimestamp());
        hasProducers |= batch.producerId() != BatchLayout.NO_PRODUCER_ID;
        next = batch.nextOffset();
        size += batch.sizeBytes();
      }
      end++;
      if (next - segment.baseOffset() > MAX_OFFSETS_PER_SEGMENT) {
        throw new IllegalArgumentException("a share of more than 2^31 offsets");
      }
    }
    if (end > first) {
      List<ByteBuffer> views = hasProducers ? duplicates(shares, first, end) : List.of();
      write(segment, shares.subList(first, end));
      if (segment.sizeBytes() == 0) {
        activeSinceMillis = stamp == null ? nowMillis : stamp.appendTimeMillis();
      }
      context.fullDisk().appended();
      state.hot.appended(segment.endOffset(), size - segment.sizeBytes());
      segment.grown((int) (size - segment.sizeBytes()), next, maxTimestamp, lastAppend);
      for (int i = 0; i < candidates.count; i++) {
        segment.addIndexEntry(
            candidates.offsetDeltas[i], candidates.positions[i], candidates.maxTimestamps[i]);
      }
      learnProducers(views, stamp == null);
    }
    return end;
  }

  /** Writing moves the positions of the shares. */
  private static List<ByteBuffer> duplicates(List<ByteBuffer> shares, int from, int to) {
    List<ByteBuffer> views = new ArrayList<>(to - from);
    for (int i = from; i < to; i++) {
      views.add(shares.get(i).duplicate());
    }
    return views;
  }

  private void learnProducers(List<ByteBuffer> written, boolean copied) {
    if (copied && SafetyRule.R15.isLeftOut()) {
      return;
    }
    BatchView batch = context.scratch().batch;
    for (ByteBuffer share : written) {
      for (int at = share.position(); at < share.limit(); at += batch.sizeBytes()) {
        state.producers.table().learn(batch.wrap(share, at));
      }
    }
  }

  private void write(Segment segment, List<ByteBuffer> shares) throws IOException {
    ByteBuffer[] buffers = shares.toArray(new ByteBuffer[0]);
    long bytes = 0;
    for (ByteBuffer buffer : buffers) {
      bytes += buffer.remaining();
    }
    SegmentFile file = segment.pin(context);
    try {
      file.file().write(segment.sizeBytes(), buffers);
    } catch (DiskFullException e) {
      // Whole batches may have got in: they must not turn up after their refusal. Nor may copied
      // epochs that were to begin among them: they would stand in the way of others.
      file.file().truncate(segment.sizeBytes());
      if (state.epochs.cutBehind(segment.endOffset())) {
        flusher.epochsChanged();
      }
      throw e;
    }
    flusher.written(bytes);
  }

  private void beginCopiedEpoch(BatchView batch, long expectedOffset) {
    if (batch.baseOffset() != expectedOffset) {
      throw new IllegalArgumentException(
          "the leader's batch has offset " + batch.baseOffset() + ", not " + expectedOffset);
    }
    if (state.epochs.begin(batch.leaderEpoch(), expectedOffset)) {
      flusher.epochsChanged();
    }
  }

  private boolean isTooOld(long nowMillis) throws IOException {
    Segment active = state.segments.active();
    if (active.sizeBytes() == 0) {
      return false;
    }
    if (activeSinceMillis == NOT_LOOKED) {
      activeSinceMillis = firstAppendTime(active, nowMillis);
    }
    return nowMillis - activeSinceMillis >= state.config.segmentAgeMillis();
  }

  /** Where damage hides the age it is counted from now on: what can be appended still is. P-11 */
  private long firstAppendTime(Segment active, long nowMillis) throws IOException {
    SegmentFile file = active.retain(context);
    try {
      BatchWalk walk = context.scratch().headers.headers(file.file(), 0, active.sizeBytes());
      if (walk.next() != BatchScan.WHOLE) {
        onDamaged.accept(
            new CorruptLogException(active.logPath() + " does not begin with a whole batch"));
        return nowMillis;
      }
      return walk.batch().appendTimestamp();
    } finally {
      file.release();
    }
  }

  /** Whether looking at the active segment's age would have to read its file. */
  boolean isAgeUnknown() {
    return activeSinceMillis == NOT_LOOKED && state.segments.active().sizeBytes() > 0;
  }

  /** Somebody has looked. */
  void learnAge(long firstAppendMillis) {
    activeSinceMillis = firstAppendMillis;
  }

  /** Closes the active segment if it is old, so that an idle log's last one can be retired. */
  boolean rollIfOld(long nowMillis) {
    try {
      return isTooOld(nowMillis) && rollNow();
    } catch (IOException e) {
      state.fail(e);
      return false;
    }
  }

  /**
   * Closes the active segment unless it is empty; false also when there is no space for another.
   */
  boolean rollNow() {
    if (state.segments.active().sizeBytes() == 0) {
      return false;
    }
    try {
      roll();
      return true;
    } catch (DiskFullException e) {
      context.fullDisk().met(e.getMessage());
      return false;
    } catch (IOException e) {
      state.fail(e);
      return false;
    }
  }

  private void roll() throws IOException {
    Segment full = state.segments.active();
    Segment fresh = Segment.create(context, full.endOffset());
    full.seal();
    state.segments.add(fresh);
    activeSinceMillis = EMPTY;
    flusher.rolled(full);
  }

  /** The log has been cut. */
  void forgetAge() {
    activeSinceMillis = NOT_LOOKED;
  }
}
