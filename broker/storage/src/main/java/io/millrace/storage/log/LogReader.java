package io.millrace.storage.log;

import io.millrace.storage.files.DiskFile;
import io.millrace.wire.BatchScan;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds whole batches by offset. Owned by the log's loop. */
final class LogReader {
  private static final Logger LOG = LoggerFactory.getLogger(LogReader.class);

  /** Readers that go through a log one fetch after another need no index. */
  private static final int HINTS = 16;

  /** More closed segments' indexes than this are not kept in memory. */
  private static final int LOADED_INDEXES = 2;

  /** As far as a lookup reads in a full gigabyte whose index has been thinned out. */
  private static final int MAX_GAP_BYTES = 1 << 19;

  private final LogState state;
  private final LogContext context;
  private final LogDamages damages;

  // Batch boundaries where a fetch ended, the oldest overwritten first; made when first needed, so
  // that an idle log goes without.
  private long @Nullable [] hintOffsets;
  private int[] hintPositions = {};
  private int nextHint;

  private final ColdPath cold;
  private final @Nullable Segment[] loaded = new @Nullable Segment[LOADED_INDEXES];
  private int nextLoaded;

  LogReader(LogState state, LogDamages damages) {
    this.state = state;
    this.context = state.context;
    this.damages = damages;
    this.cold =
        new ColdPath(
            state,
            context.coldReads(),
            state.hot,
            damages,
            new ColdPath.Found() {
              @Override
              public void at(long offset, int position) {
                remember(offset, position);
              }

              @Override
              public void indexed(Segment segment) {
                keep(segment);
              }

              @Override
              public void corrupt(long offset, CorruptLogException cause) {
                damages.onCorrupt(offset, cause);
              }
            });
    remember(state.endOffset(), state.segments.active().sizeBytes());
  }

  ColdPath cold() {
    return cold;
  }

  /** See {@link PartitionLog#read}. */
  ReadResult read(long fetchOffset, long maxBytes, long visibleEnd) throws IOException {
    long end = state.endOffset();
    if (fetchOffset < state.startOffset || fetchOffset > end) {
      return new ReadResult.OutOfRange(state.startOffset, end);
    }
    long limitOffset = Math.min(visibleEnd, end);
    if (fetchOffset >= limitOffset) {
      return ReadResult.Nothing.INSTANCE;
    }
    Segment segment = state.segments.get(state.segments.floor(fetchOffset));
    long readable = maxBytes;
    if (!cold.isHot(fetchOffset)) {
      int position = fetchOffset == segment.baseOffset() ? 0 : hint(fetchOffset);
      int warmBytes = cold.warmBytes(segment, fetchOffset, position);
      if (warmBytes == 0) {
        return ReadResult.Cold.INSTANCE;
      }
      readable = Math.min(maxBytes, warmBytes);
    }
    SegmentFile file = segment.retain(context);
    boolean handedOver = false;
    try {
      ReadResult result = read(segment, file, fetchOffset, readable, limitOffset);
      handedOver = result instanceof ReadResult.Data;
      return result;
    } finally {
      if (!handedOver) {
        file.release();
      }
    }
  }

  private ReadResult read(
      Segment segment, SegmentFile file, long fetchOffset, long maxBytes, long limitOffset)
      throws IOException {
    int start = locate(segment, file.file(), fetchOffset);
    int limit;
    long nextOffset;
    if (limitOffset >= segment.endOffset()) {
      limit = segment.sizeBytes();
      nextOffset = segment.endOffset();
    } else {
      limit = locate(segment, file.file(), limitOffset);
      nextOffset = limitOffset;
    }
    if (limit <= start) {
      return ReadResult.Nothing.INSTANCE; // the batch goes on behind what may be shown
    }
    if (limit - start > maxBytes) {
      Boundary boundary = boundaryWithin(segment, file.file(), start, limit, maxBytes);
      limit = boundary.position();
      nextOffset = boundary.offset();
    }
    remember(nextOffset, limit);
    SegmentSlice slice = new SegmentSlice(file, start, limit - start, state.damageListener());
    return new ReadResult.Data(slice, nextOffset);
  }

  private record Boundary(long offset, int position) {}

  /**
   * The end of the last batch that fits, by the index if that will do; else of the first batch,
   * whatever its size.
   */
  private Boundary boundaryWithin(
      Segment segment, DiskFile file, int start, int limit, long maxBytes) throws IOException {
    SparseIndex added = segment.addedIndex();
    SparseIndex index =
        added != null && added.floorByPosition(start) >= 0 ? added : index(segment, file);
    int entry = index.floorByPosition(start + maxBytes);
    if (entry >= 0 && index.position(entry) > start && index.position(entry) < limit) {
      return new Boundary(segment.baseOffset() + index.offsetDelta(entry), index.position(entry));
    }
    BatchWalk walk = context.scratch().headers.headers(file, start, limit);
    mustBeBatch(walk.next(), walk, segment);
    Boundary boundary = new Boundary(walk.batch().nextOffset(), walk.nextPosition());
    while (boundary.position() < limit) {
      mustBeBatch(walk.next(), walk, segment);
      if (walk.nextPosition() - start > maxBytes) {
        break;
      }
      boundary = new Boundary(walk.batch().nextOffset(), walk.nextPosition());
    }
    return boundary;
  }

  private void mustBeBatch(BatchScan found, BatchWalk walk, Segment segment)
      throws CorruptLogException {
    if (found != BatchScan.WHOLE) {
      throw new CorruptLogException(
          segment.logPath()
              + " has no whole batch at position "
              + walk.position()
              + ", before its end at "
              + segment.sizeBytes()
              + " ("
              + found
              + ")");
    }
  }

  /** Position of the batch that holds the offset, or of the first one behind it. */
  int locate(Segment segment, DiskFile file, long offset) throws IOException {
    if (offset >= segment.endOffset()) {
      return segment.sizeBytes();
    }
    if (offset == segment.baseOffset()) {
      return 0;
    }
    int hinted = hint(offset);
    if (hinted >= 0) {
      return hinted;
    }
    int position = walkTo(segment, file, offset);
    if (position < 0) {
      LOG.warn("{} points to the wrong places and is made again", segment.indexPath());
      rebuildIndex(segment, file);
      position = walkTo(segment, file, offset);
    }
    if (position < 0) {
      throw new CorruptLogException(segment.logPath() + " does not begin with its base offset");
    }
    return position;
  }

  /** -1 when the index does not lead to a batch of the offset it says. */
  private int walkTo(Segment segment, DiskFile file, long offset) throws IOException {
    SparseIndex added = segment.addedIndex();
    long delta = offset - segment.baseOffset();
    SparseIndex index =
        added != null && added.floorByOffset(delta) >= 0 ? added : index(segment, file);
    int entry = index.floorByOffset(delta);
    int from = entry < 0 ? 0 : index.position(entry);
    long expected = segment.baseOffset() + (entry < 0 ? 0 : index.offsetDelta(entry));
    LogDamage before = damages.before(offset, segment);
    if (before != null && before.endPosition() > from) {
      from = before.endPosition(); // no way leads through it
      expected = before.toOffset();
    }
    BatchWalk walk = context.scratch().headers.headers(file, from, segment.sizeBytes());
    BatchScan found = walk.next();
    if (found != BatchScan.WHOLE || walk.batch().baseOffset() != expected) {
      return -1;
    }
    while (walk.batch().nextOffset() <= offset) {
      if (walk.nextPosition() == segment.sizeBytes()) {
        return segment.sizeBytes();
      }
      mustBeBatch(walk.next(), walk, segment);
    }
    return walk.position();
  }

  /** So that nobody walks into damage to find where it begins. */
  void rememberStartOf(LogDamage damage) {
    remember(damage.fromOffset(), damage.position());
  }

  private int hint(long offset) {
    long[] offsets = hintOffsets;
    if (offsets != null) {
      for (int i = 0; i < HINTS; i++) {
        if (offsets[i] == offset) {
          return hintPositions[i];
        }
      }
    }
    return -1;
  }

  private void remember(long offset, int position) {
    long[] offsets = hintOffsets;
    if (offsets == null) {
      offsets = new long[HINTS];
      Arrays.fill(offsets, -1);
      hintOffsets = offsets;
      hintPositions = new int[HINTS];
    }
    if (hint(offset) < 0) {
      offsets[nextHint] = offset;
      hintPositions[nextHint] = position;
      nextHint = (nextHint + 1) % HINTS;
    }
  }

  /** The log has been cut: offsets may get other positions. */
  void forgetPositions() {
    hintOffsets = null;
    cold.forget();
    Arrays.fill(loaded, null);
  }

  /** A segment has other bytes now; its offsets stand elsewhere in it. */
  void replaced(Segment segment) {
    hintOffsets = null;
    cold.forgetPlaces();
    forget(segment);
  }

  /** A segment has gone from the log's front. */
  void forget(Segment segment) {
    for (int i = 0; i < LOADED_INDEXES; i++) {
      if (loaded[i] == segment) {
        loaded[i] = null;
      }
    }
  }

  /** The whole index of a segment, loaded or made again if need be. */
  SparseIndex index(Segment segment, DiskFile file) throws IOException {
    if (!segment.hasCompleteIndex()) {
      load(segment, file);
    }
    return segment.index();
  }

  private void load(Segment segment, DiskFile file) throws IOException {
    IndexFile.Content content =
        IndexFile.load(
            context.disk(),
            segment.indexPath(),
            segment.baseOffset(),
            segment.sizeBytes(),
            SparseIndex.MAX_ENTRIES);
    if (segment.isSealed()) {
      if (content.seal() == null) {
        LOG.warn("{} is made again: {}", segment.indexPath(), content.problem());
        rebuildIndex(segment, file);
        return;
      }
      segment.learnMaxTimestamp(content.seal().maxTimestamp());
      segment.learnLastAppend(content.seal().lastAppendMillis());
    }
    segment.completeIndex(content.index());
    if (hasGapAtStart(segment)) {
      LOG.warn("{} is made again: {}", segment.indexPath(), content.problem());
      rebuildIndex(segment, file);
      return;
    }
    keep(segment);
  }

  private boolean hasGapAtStart(Segment segment) {
    SparseIndex index = segment.index();
    int first = index.count() == 0 ? segment.sizeBytes() : index.position(0);
    return first > MAX_GAP_BYTES;
  }

  private void rebuildIndex(Segment segment, DiskFile file) throws IOException {
    IndexBuild.Built built =
        IndexBuild.byHeaders(
            context.scratch().headers,
            file,
            segment.sizeBytes(),
            segment.baseOffset(),
            state.config.indexIntervalBytes(),
            SparseIndex.MAX_ENTRIES);
    segment.forgetIndex();
    segment.learnMaxTimestamp(built.maxTimestamp());
    segment.learnLastAppend(built.lastAppendMillis());
    segment.completeIndex(built.index());
    keep(segment);
  }

  private void keep(Segment segment) {
    if (!segment.isSealed()) {
      return;
    }
    Segment oldest = loaded[nextLoaded];
    if (oldest != null && oldest != segment && oldest.pendingEntryCount() == 0) {
      oldest.forgetIndex();
    }
    loaded[nextLoaded] = segment;
    nextLoaded = (nextLoaded + 1) % LOADED_INDEXES;
  }
}
