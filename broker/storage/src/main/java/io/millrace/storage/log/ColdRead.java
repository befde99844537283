package io.millrace.storage.log;

import io.millrace.wire.BatchScan;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Finds an offset in a segment that nobody has looked into lately, and brings what follows it into
 * memory, index included. Made on the owner with what stands then; runs on the cold-read worker;
 * looked at on the owner again.
 */
final class ColdRead {
  /** Brought into memory at a time: what a reader gets in one to four fetches. */
  static final int WARM_BYTES = 4 << 20;

  /** In the place of an offset: nobody asks for one, but soon somebody will. */
  static final long AHEAD = -1;

  private final ColdReads reads;
  private final LogContext context;
  private final Segment segment;
  private final SegmentFile file;
  private final long offset;
  private final int from;
  private final @Nullable LogDamage damage;
  private final int sizeBytes;
  private final boolean sealed;
  private final int indexIntervalBytes;
  private final boolean wantsIndex;

  // Filled by run.
  private int position;
  private int warmTo;
  private @Nullable SparseIndex index;
  private long maxTimestamp = Segment.NO_TIMESTAMP;
  private long lastAppendMillis = Segment.NO_TIMESTAMP;
  private @Nullable IOException failure;

  /**
   * @param offset to be found, or {@link #AHEAD}
   * @param position where the batch stands that holds the offset, -1 when it is to be looked for
   * @param damage known to lie before the offset: no way leads through it; null for none
   */
  ColdRead(
      ColdReads reads,
      LogState state,
      Segment segment,
      long offset,
      int position,
      @Nullable LogDamage damage)
      throws IOException {
    this.reads = reads;
    this.context = state.context;
    this.segment = segment;
    this.offset = offset;
    this.from = position;
    this.damage = damage;
    this.sizeBytes = segment.sizeBytes();
    this.sealed = segment.isSealed();
    this.indexIntervalBytes = state.config.indexIntervalBytes();
    this.wantsIndex = !segment.hasCompleteIndex();
    this.file = segment.retain(context);
  }

  /**
   * Any thread.
   *
   * @param then on the owner
   */
  void start(Runnable then) {
    reads.submit(
        () -> {
          try {
            run();
          } catch (IOException e) {
            failure = e;
          } finally {
            file.release();
          }
          context.owner().execute(then);
        });
  }

  private void run() throws IOException {
    SparseIndex known = from >= 0 && !wantsIndex ? null : segmentIndex();
    position = from >= 0 || known == null ? from : locate(known);
    int firstEnd = offset == AHEAD ? position : endOfBatchAt(position);
    warmTo = (int) Math.max(firstEnd, Math.min((long) position + WARM_BYTES, sizeBytes));
    reads.warm(file.file(), position, warmTo);
    index = wantsIndex ? known : null;
  }

  /** It may be larger than what is read at a time. */
  private int endOfBatchAt(int start) throws IOException {
    BatchWalk walk = reads.headers().headers(file.file(), start, sizeBytes);
    return walk.next() == BatchScan.WHOLE ? walk.nextPosition() : start;
  }

  /** From its file; made again when that says nothing of value. */
  private SparseIndex segmentIndex() throws IOException {
    IndexFile.Content content =
        IndexFile.load(
            context.disk(),
            segment.indexPath(),
            segment.baseOffset(),
            sizeBytes,
            SparseIndex.MAX_ENTRIES);
    IndexFile.Seal seal = content.seal();
    if (sealed && seal == null) {
      return built();
    }
    if (seal != null) {
      maxTimestamp = seal.maxTimestamp();
      lastAppendMillis = seal.lastAppendMillis();
    }
    return content.index();
  }

  private SparseIndex built() throws IOException {
    IndexBuild.Built built =
        IndexBuild.byHeaders(
            reads.headers(),
            file.file(),
            sizeBytes,
            segment.baseOffset(),
            indexIntervalBytes,
            SparseIndex.MAX_ENTRIES);
    maxTimestamp = built.maxTimestamp();
    lastAppendMillis = built.lastAppendMillis();
    return built.index();
  }

  private int locate(SparseIndex known) throws IOException {
    int found = walkTo(known);
    return found >= 0 ? found : walkTo(built());
  }

  /** -1 when the index does not lead to a batch of the offset it says. */
  private int walkTo(SparseIndex known) throws IOException {
    int entry = known.floorByOffset(offset - segment.baseOffset());
    int start = entry < 0 ? 0 : known.position(entry);
    long expected = segment.baseOffset() + (entry < 0 ? 0 : known.offsetDelta(entry));
    if (damage != null && damage.endPosition() > start) {
      start = damage.endPosition();
      expected = damage.toOffset();
    }
    BatchWalk walk = reads.headers().headers(file.file(), start, sizeBytes);
    if (walk.next() != BatchScan.WHOLE || walk.batch().baseOffset() != expected) {
      return -1;
    }
    while (walk.batch().nextOffset() <= offset) {
      if (walk.nextPosition() == sizeBytes) {
        return sizeBytes;
      }
      if (walk.next() != BatchScan.WHOLE) {
        throw new CorruptLogException(
            segment.logPath() + " has no whole batch at position " + walk.position());
      }
    }
    return walk.position();
  }

  // --- On the owner, once it has run.

  Segment segment() {
    return segment;
  }

  long offset() {
    return offset;
  }

  /** Where the batch stands that holds the offset. */
  int position() {
    return position;
  }

  /** In memory up to here; the first batch at least. */
  int warmTo() {
    return warmTo;
  }

  @Nullable IOException failure() {
    return failure;
  }

  /** Gives the segment what was learned of it; whether it has its index from here. */
  boolean teach() {
    SparseIndex loaded = index;
    if (loaded == null || segment.hasCompleteIndex()) {
      return false;
    }
    segment.completeIndex(loaded);
    if (sealed) {
      segment.learnMaxTimestamp(maxTimestamp);
    }
    segment.learnLastAppend(lastAppendMillis);
    return true;
  }
}
