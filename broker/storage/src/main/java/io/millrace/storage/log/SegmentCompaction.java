package io.millrace.storage.log;

import io.millrace.storage.compaction.RecordRule;
import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.producers.ProducerTable;
import io.millrace.wire.BatchLayout;
import io.millrace.wire.BatchRewriter;
import io.millrace.wire.BatchScan;
import io.millrace.wire.BatchView;
import io.millrace.wire.CorruptBatchException;
import io.millrace.wire.RecordCursor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Writes a closed segment again, without the records that may go, into a file beside it: the second
 * half of a pass. On the housekeeping worker, a piece at a time.
 *
 * <p>Batches that lose nothing are copied as they are. Those that lose everything become one empty
 * batch over all their offsets, so that batches adjoin as before: what leads from offset to
 * position, follows a leader or looks for damage meets no hole. The header of an emptied batch
 * stays while its producer is known by it. As long as nothing has to change nothing is written.
 */
final class SegmentCompaction implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 18;

  /** A force takes little at a time: others' forces share the disk. */
  private static final int FORCE_BYTES = 32 << 20;

  private final Disk disk;
  private final CompactionFacts.ClosedSegment segment;
  private final DiskFile source;
  private final Path target;
  private final RecordRule rule;
  private final ProducerTable producers;
  private final BatchWalk walk;
  private final RecordCursor records;
  private final IndexBuild index;
  private final BatchRewriter rewriter = new BatchRewriter();
  private final BatchRewriter filler = new BatchRewriter();
  private final BatchView written = new BatchView();
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);

  private @Nullable DiskFile out;

  /** Of the source, up to where it is to be copied as it is before anything else. */
  private int prefix;

  private int position;
  private long next;
  private int outPosition;
  private int unforced;
  private boolean isEnded;

  // The empty batch that is being put together.
  private int runCount;
  private int runPosition;
  private long runOffset;
  private int runEpoch;
  private boolean runChanges;

  private long droppedRecords;
  private long nextHorizonMillis = Long.MAX_VALUE;

  /**
   * What has been written.
   *
   * @param file forced; to take the place of the segment's
   */
  record Written(Path file, SparseIndex index, IndexFile.Seal seal) {}

  /**
   * @param walk used by nobody else until this is closed
   */
  SegmentCompaction(
      Disk disk,
      CompactionFacts.ClosedSegment segment,
      RecordRule rule,
      CompactionFacts facts,
      BatchWalk walk,
      RecordCursor records)
      throws IOException {
    this.disk = disk;
    this.segment = segment;
    this.source = disk.openForReading(segment.log());
    this.target = DataPaths.cleaned(segment.log());
    this.rule = rule;
    this.producers = facts.producers();
    this.walk = walk;
    this.records = records;
    this.index =
        new IndexBuild(
            segment.baseOffset(),
            facts.indexIntervalBytes(),
            new SparseIndex(SparseIndex.MAX_ENTRIES));
    this.next = segment.baseOffset();
    walk.whole(source, 0, segment.sizeBytes());
  }

  boolean isOver() {
    return isEnded;
  }

  /** Records that are not in what was written. */
  long droppedRecords() {
    return droppedRecords;
  }

  /** When the first of the tombstones that stay may go; {@link Long#MAX_VALUE} for none. */
  long nextHorizonMillis() {
    return nextHorizonMillis;
  }

  /** Goes on: reads and writes about so many bytes. Returns how many it has read. */
  int step(int bytes) throws IOException {
    if (outPosition < prefix) {
      return copyPrefix(bytes);
    }
    int began = position;
    while (position < segment.sizeBytes() && position - began < bytes) {
      BatchScan found = walk.next();
      if (found != BatchScan.WHOLE
          || walk.batch().baseOffset() != next
          || !walk.batch().checksumMatches()) {
        throw new CorruptLogException(
            segment.log() + " has no whole batch of offset " + next + " at " + position);
      }
      if (!take(walk.batch())) {
        return Math.max(1, position - began); // the prefix first, then this batch once more
      }
      position = walk.nextPosition();
      next = walk.batch().nextOffset();
    }
    if (position >= segment.sizeBytes()) {
      endRun();
      end();
    }
    return position - began;
  }

  /** False when the file has to be begun before this batch can be taken. */
  private boolean take(BatchView batch) throws IOException {
    Look look = look(batch);
    if (look.kept() == 0 && !producers.remembers(batch)) {
      return addToRun(batch, look);
    }
    endRun();
    if (!look.changes()) {
      copy(walk.bytes());
    } else if (out == null) {
      beginAt(walk.position(), next);
      return false;
    } else {
      copy(rewritten(batch, look));
      droppedRecords += look.dropped();
    }
    nextHorizonMillis = Math.min(nextHorizonMillis, look.horizonMillis());
    return true;
  }

  /**
   * What becomes of a batch.
   *
   * @param kept records; at least 1 for what is not understood, and left alone
   * @param horizonMillis of the tombstones that stay; {@link Long#MAX_VALUE} for none
   */
  private record Look(
      int kept, int dropped, boolean losesTombstones, boolean isStamped, long horizonMillis) {
    static final Look ALONE = new Look(1, 0, false, false, Long.MAX_VALUE);

    boolean changes() {
      return dropped > 0 || isStamped;
    }
  }

  private Look look(BatchView batch) {
    if (batch.isControl()) {
      return Look.ALONE;
    }
    long horizon = batch.isCompacted() ? batch.baseTimestamp() : RecordRule.NONE;
    int kept = 0;
    int dropped = 0;
    int tombstones = 0;
    boolean losesTombstones = false;
    try {
      records.over(batch);
      while (records.next()) {
        switch (fate(horizon)) {
          case KEEP -> kept++;
          case KEEP_TOMBSTONE -> {
            kept++;
            tombstones++;
          }
          case DROP -> dropped++;
          case DROP_TOMBSTONE -> {
            dropped++;
            losesTombstones = true;
          }
        }
      }
    } catch (CorruptBatchException e) {
      return Look.ALONE; // as its producer made it: readers refuse it, and nobody else touches it
    }
    boolean isStamped = tombstones > 0 && horizon == RecordRule.NONE;
    long until = horizon == RecordRule.NONE ? rule.newHorizonMillis() : horizon;
    return new Look(
        kept, dropped, losesTombstones, isStamped, tombstones > 0 ? until : Long.MAX_VALUE);
  }

  private RecordRule.Fate fate(long horizonMillis) {
    return rule.of(
        records.offset(), records.key(), records.valueSize() == RecordCursor.ABSENT, horizonMillis);
  }

  private ByteBuffer rewritten(BatchView batch, Look look) {
    long horizon = batch.isCompacted() ? batch.baseTimestamp() : RecordRule.NONE;
    boolean hasTombstones = look.horizonMillis() != Long.MAX_VALUE;
    rewriter.begin(batch, hasTombstones ? look.horizonMillis() : BatchRewriter.NO_TOMBSTONES);
    if (look.losesTombstones()) {
      rewriter.tombstoneLeftOut();
    }
    records.rewind();
    while (records.next()) {
      RecordRule.Fate fate = fate(horizon);
      if (fate == RecordRule.Fate.KEEP || fate == RecordRule.Fate.KEEP_TOMBSTONE) {
        rewriter.keep(records);
      }
    }
    return rewriter.finish();
  }

  // ---- Empty batches

  private boolean addToRun(BatchView batch, Look look) throws IOException {
    if (runCount > 0 && batch.leaderEpoch() != runEpoch) {
      endRun();
    }
    boolean isEmptyAlready =
        batch.recordCount() == 0 && batch.producerId() == BatchLayout.NO_PRODUCER_ID;
    if (runCount == 0) {
      filler.beginEmpty(batch);
      runPosition = walk.position();
      runOffset = batch.baseOffset();
      runEpoch = batch.leaderEpoch();
      runChanges = !isEmptyAlready;
    } else {
      filler.extend(batch);
      runChanges = true;
    }
    if (look.losesTombstones()) {
      filler.tombstoneLeftOut();
    }
    runCount++;
    if (out == null && runChanges) {
      beginAt(runPosition, runOffset);
      return false;
    }
    droppedRecords += look.dropped();
    return true;
  }

  /** Once there is one that changes anything, the file has been begun. */
  private void endRun() throws IOException {
    if (runCount > 0) {
      runCount = 0;
      copy(filler.finish());
    }
  }

  // ---- The file

  /** From here on it is another file: what stands before is to be copied, then all goes on here. */
  private void beginAt(int from, long offset) throws IOException {
    if (disk.kind(target) != FileKind.ABSENT) {
      disk.delete(target); // of a pass that was given up
    }
    out = disk.create(target);
    prefix = from;
    outPosition = 0;
    position = from;
    next = offset;
    runCount = 0;
    walk.whole(source, from, segment.sizeBytes());
  }

  private int copyPrefix(int bytes) throws IOException {
    int wanted = Math.min(bytes, prefix - outPosition);
    int left = wanted;
    while (left > 0) {
      buffer.clear().limit(Math.min(buffer.capacity(), left));
      int read = source.read(outPosition, buffer);
      if (read <= 0) {
        throw new CorruptLogException(segment.log() + " has become shorter than it was");
      }
      file().write(outPosition, buffer.flip());
      outPosition += read;
      left -= read;
      forceAfter(read);
    }
    if (outPosition == prefix) {
      buffer.clear();
    }
    return wanted;
  }

  /** The next batch of the file. */
  private void copy(ByteBuffer batch) throws IOException {
    written.wrap(batch, batch.position());
    int at = outPosition + (out == null ? 0 : buffer.position());
    index.add(written.baseOffset(), at, BatchWalk.maxTimestamp(written), written.appendTimestamp());
    if (out == null) {
      outPosition += batch.remaining(); // as it stands in the segment
      return;
    }
    if (at + (long) batch.remaining() > Integer.MAX_VALUE - BUFFER_BYTES) {
      throw new IOException(segment.log() + " would become larger than a segment can be");
    }
    if (batch.remaining() > buffer.remaining()) {
      writeBuffer();
    }
    if (batch.remaining() > buffer.remaining()) {
      int size = batch.remaining();
      file().write(outPosition, batch);
      outPosition += size;
      forceAfter(size);
    } else {
      buffer.put(batch);
    }
  }

  private void writeBuffer() throws IOException {
    int size = buffer.flip().remaining();
    if (size > 0) {
      file().write(outPosition, buffer);
      outPosition += size;
      forceAfter(size);
    }
    buffer.clear();
  }

  private void forceAfter(int bytes) throws IOException {
    unforced += bytes;
    if (unforced >= FORCE_BYTES) {
      file().force();
      unforced = 0;
    }
  }

  private DiskFile file() {
    DiskFile open = out;
    if (open == null) {
      throw new IllegalStateException("nothing has to be written yet");
    }
    return open;
  }

  private void end() throws IOException {
    isEnded = true;
    if (out != null) {
      writeBuffer();
      file().force();
    }
  }

  /** Null when the segment has nothing that may go. */
  @Nullable Written result() {
    return out == null
        ? null
        : new Written(
            target,
            index.index(),
            new IndexFile.Seal(
                segment.endOffset(), outPosition, index.maxTimestamp(), index.lastAppendMillis()));
  }

  @Override
  public void close() throws IOException {
    try (DiskFile from = source;
        DiskFile to = out) {
      // closes both
    }
  }
}
