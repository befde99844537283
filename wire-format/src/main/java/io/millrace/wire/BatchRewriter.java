package io.millrace.wire;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Writes a batch again with fewer records, or with none: what compaction leaves. Offsets, epochs,
 * times, producer and sequences stay; what is missing is missing among the offsets, never between
 * batches, so that whoever follows them meets no hole. Reused; belongs to one thread.
 */
public final class BatchRewriter {
  /** As {@code horizonMillis}: there is no tombstone in it. */
  public static final long NO_TOMBSTONES = -1;

  private static final byte[] EMPTY_HEADER = BatchLayout.emptyHeader();
  private static final int RECORDS_START = BatchLayout.MAX_HEADER_BYTES;

  /** Of a record beside its body: tag, length, time and offset with their tags. */
  private static final int MOST_FRAMING = 1 + 5 + 1 + 10 + 1 + 5;

  private final CRC32C crc32c = new CRC32C();
  private ByteBuffer buffer = ByteBuffer.allocate(16 << 10);
  private ByteBuffer compressed = ByteBuffer.allocate(0);

  private long baseOffset;
  private long lastOffset;
  private int epoch;
  private long appendTimestamp;
  private int attributes;
  private long baseTimestamp;
  private long maxTimestamp;
  private long producerId;
  private int producerEpoch;
  private int baseSequence;
  private int end;
  private int count;
  private int nextDelta;

  /**
   * Takes over a batch's header; its records are to be {@linkplain #keep kept} one by one.
   *
   * @param horizonMillis from when on the tombstones in it may go; {@link #NO_TOMBSTONES}
   */
  public void begin(BatchView batch, long horizonMillis) {
    baseOffset = batch.baseOffset();
    lastOffset = batch.lastOffset();
    epoch = batch.leaderEpoch();
    appendTimestamp = batch.appendTimestamp();
    attributes = batch.attributes() | BatchAttributes.COMPACTED;
    baseTimestamp = horizonMillis == NO_TOMBSTONES ? batch.baseTimestamp() : horizonMillis;
    producerId = batch.producerId();
    producerEpoch = batch.producerEpoch();
    baseSequence = batch.baseSequence();
    startRecords();
  }

  /** Begins a batch without records and producer, in the place of one that is not needed. */
  public void beginEmpty(BatchView batch) {
    begin(batch, 0);
    attributes = BatchAttributes.COMPACTED | (batch.attributes() & lostTombstones());
    producerId = BatchLayout.NO_PRODUCER_ID;
    producerEpoch = BatchLayout.NO_PRODUCER_EPOCH;
    baseSequence = BatchLayout.NO_SEQUENCE;
  }

  /** An empty batch takes in the one behind it, which is not needed either. */
  public void extend(BatchView next) {
    lastOffset = next.lastOffset();
    appendTimestamp = Math.max(appendTimestamp, next.appendTimestamp());
    attributes |= next.attributes() & lostTombstones();
  }

  private static int lostTombstones() {
    return BatchAttributes.TOMBSTONES_TAKEN_OUT;
  }

  private void startRecords() {
    maxTimestamp = 0;
    end = RECORDS_START;
    count = 0;
    nextDelta = 0;
  }

  /** Of what is left out, this was a tombstone. */
  public void tombstoneLeftOut() {
    attributes |= BatchAttributes.TOMBSTONES_TAKEN_OUT;
  }

  /** The record on which the cursor stands stays. */
  public void keep(RecordCursor record) {
    ByteBuffer body = record.body();
    long delta = Varint.zigZag(record.producerTimestamp() - baseTimestamp);
    int offsetDelta = record.offsetDelta();
    int size = body.remaining();
    size += delta == 0 ? 0 : 1 + Varint.sizeOf(delta);
    size += offsetDelta == nextDelta ? 0 : 1 + Varint.sizeOf(offsetDelta);
    ensureRoom(body.remaining() + MOST_FRAMING);
    buffer.put(end, (byte) RecordScan.RECORD_TAG);
    end = Varint.put(buffer, end + 1, size);
    if (delta != 0) {
      buffer.put(end, (byte) RecordScan.TIMESTAMP_DELTA_TAG);
      end = Varint.put(buffer, end + 1, delta);
    }
    if (offsetDelta != nextDelta) {
      buffer.put(end, (byte) RecordScan.OFFSET_DELTA_TAG);
      end = Varint.put(buffer, end + 1, offsetDelta);
    }
    buffer.put(end, body, 0, body.remaining());
    end += body.remaining();
    maxTimestamp = Math.max(maxTimestamp, record.producerTimestamp());
    nextDelta = offsetDelta + 1;
    count++;
  }

  private void ensureRoom(int more) {
    if (end + more > buffer.capacity()) {
      ByteBuffer larger = ByteBuffer.allocate(Math.max(end + more, 2 * buffer.capacity()));
      larger.put(RECORDS_START, buffer, RECORDS_START, end - RECORDS_START);
      buffer = larger;
    }
  }

  /** Records that were kept since the batch was begun. */
  public int count() {
    return count;
  }

  /**
   * The batch, in memory that the next one overwrites; compressed as it was, unless that makes it
   * larger.
   */
  public ByteBuffer finish() {
    int recordsSize = end - RECORDS_START;
    int id = attributes & BatchAttributes.COMPRESSION_MASK;
    int plain = attributes & ~BatchAttributes.COMPRESSION_MASK;
    if (id != Compressions.NONE.id() && count > 0) {
      if (compressed.capacity() < end) {
        compressed = ByteBuffer.allocate(buffer.capacity());
      }
      compressed.clear().limit(end - 1).position(RECORDS_START);
      if (Compressions.get(id).compress(buffer.slice(RECORDS_START, recordsSize), compressed)) {
        int size = compressed.position() - RECORDS_START;
        return complete(compressed.clear(), size, plain | id);
      }
    }
    return complete(buffer, recordsSize, plain);
  }

  private ByteBuffer complete(ByteBuffer into, int recordsSize, int finalAttributes) {
    int message = RECORDS_START - Varint.sizeOf(recordsSize) - EMPTY_HEADER.length;
    int messageSize = (int) BatchLayout.messageSizeBytes(recordsSize);
    int start = message - Varint.sizeOf(messageSize) - 1;
    int recordsEnd = RECORDS_START + recordsSize;
    into.put(start, BatchLayout.BATCH_TAG);
    Varint.put(into, start + 1, messageSize);
    into.put(message, EMPTY_HEADER);
    LittleEndian.putLong(into, message + BatchLayout.BASE_OFFSET, baseOffset);
    LittleEndian.putInt(into, message + BatchLayout.LEADER_EPOCH, epoch);
    LittleEndian.putLong(into, message + BatchLayout.APPEND_TIMESTAMP, appendTimestamp);
    LittleEndian.putInt(into, message + BatchLayout.ATTRIBUTES, finalAttributes);
    int lastDelta = (int) (lastOffset - baseOffset);
    LittleEndian.putInt(into, message + BatchLayout.LAST_OFFSET_DELTA, lastDelta);
    LittleEndian.putLong(into, message + BatchLayout.BASE_TIMESTAMP, baseTimestamp);
    LittleEndian.putLong(into, message + BatchLayout.MAX_TIMESTAMP, maxTimestamp);
    LittleEndian.putLong(into, message + BatchLayout.PRODUCER_ID, producerId);
    LittleEndian.putInt(into, message + BatchLayout.PRODUCER_EPOCH, producerEpoch);
    LittleEndian.putInt(into, message + BatchLayout.BASE_SEQUENCE, baseSequence);
    LittleEndian.putInt(into, message + BatchLayout.RECORD_COUNT, count);
    Varint.put(into, message + EMPTY_HEADER.length, recordsSize);
    int crc = Checksum.of(crc32c, into, message + BatchLayout.CHECKSUMMED, recordsEnd);
    LittleEndian.putInt(into, message + BatchLayout.CRC, crc);
    return into.slice(start, recordsEnd - start);
  }

  /**
   * A leader that has compacted further than its follower may have one empty batch where the
   * follower has the first part of what stood there. Nothing is in it, so it may as well begin
   * where that log ends.
   *
   * @param batches whole ones, not changed
   * @param offset where they are to begin
   * @return the same buffer, unless its first batch is empty and holds the offset within
   */
  public static ByteBuffer beginningAt(ByteBuffer batches, long offset) {
    BatchView first = new BatchView();
    int at = batches.position();
    if (first.scan(batches, at, batches.limit()) != BatchScan.WHOLE
        || first.baseOffset() >= offset
        || first.nextOffset() <= offset
        || first.recordCount() != 0
        || first.producerId() != BatchLayout.NO_PRODUCER_ID
        || !first.checksumMatches()) {
      return batches;
    }
    BatchRewriter rewriter = new BatchRewriter();
    rewriter.beginEmpty(first);
    rewriter.baseOffset = offset;
    ByteBuffer shorter = rewriter.finish();
    int rest = at + first.sizeBytes();
    ByteBuffer whole = ByteBuffer.allocate(shorter.remaining() + batches.limit() - rest);
    whole.put(shorter).put(batches.slice(rest, batches.limit() - rest));
    return whole.flip();
  }
}
