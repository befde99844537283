package io.millrace.wire;

import io.millrace.wire.v1.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the records of a batch one after another, where they lie or from its own decompressed copy;
 * reused for batch after batch. Belongs to one thread.
 *
 * <p>Views of keys and values are of the batch's memory, or, for a compressed batch, of the
 * cursor's, which the next compressed batch overwrites.
 */
public final class RecordCursor {
  /** Size of a key or a value that is not there. */
  public static final int ABSENT = RecordScan.ABSENT;

  private static final int SMALLEST_BUFFER = 4096;

  /**
   * The most that a batch's records may become. No honest writer needs more: records are put into a
   * batch before they are compressed, and a batch takes 64 MiB at most however it is sent. Readers
   * may allow less.
   */
  public static final int MAX_DECOMPRESSED_BYTES = BatchLayout.MAX_SIZE_BYTES;

  private final int maxDecompressedBytes;
  private final RecordScan scan = new RecordScan();
  private ByteBuffer decompressed = ByteBuffer.allocate(0);

  private ByteBuffer buffer = decompressed;
  private int recordsStart;
  private int recordsEnd;
  private long baseOffset;
  private int lastOffsetDelta;
  private long baseTimestamp;
  private long appendTimestamp;
  private boolean usesAppendTime;
  private int recordCount;
  private int read;

  /** For every batch that the format allows. */
  public RecordCursor() {
    this(MAX_DECOMPRESSED_BYTES);
  }

  /**
   * For batches of every size.
   *
   * @param maxDecompressedBytes a batch whose records decompress to more is refused; above {@link
   *     #MAX_DECOMPRESSED_BYTES} that is the limit
   */
  public RecordCursor(int maxDecompressedBytes) {
    this.maxDecompressedBytes = Math.min(maxDecompressedBytes, MAX_DECOMPRESSED_BYTES);
  }

  /**
   * Starts over before the first record of a batch, which must be whole; the view may move on then.
   *
   * @throws CorruptBatchException when the checksum does not match, when the batch is of a kind
   *     unknown here, or does not decompress within the limit
   */
  public RecordCursor over(BatchView batch) {
    if (!batch.checksumMatches()) {
      throw new CorruptBatchException("the checksum of " + describe(batch) + " does not match");
    }
    int attributes = batch.attributes();
    if (BatchAttributes.unknownBits(attributes) != 0
        || BatchAttributes.encoding(attributes) != BatchAttributes.RECORD_SET) {
      throw new CorruptBatchException(
          ErrorCode.UNSUPPORTED,
          describe(batch)
              + " has attributes that this release does not know: 0x"
              + Integer.toHexString(attributes));
    }
    baseOffset = batch.baseOffset();
    lastOffsetDelta = batch.lastOffsetDelta();
    baseTimestamp = batch.baseTimestamp();
    appendTimestamp = batch.appendTimestamp();
    usesAppendTime = batch.usesAppendTime();
    recordCount = batch.recordCount();
    if (batch.compressionId() == Compressions.NONE.id()) {
      buffer = batch.buffer();
      recordsStart = batch.recordsPosition();
      recordsEnd = recordsStart + batch.recordsSize();
    } else {
      decompress(batch);
      buffer = decompressed;
      recordsStart = 0;
      recordsEnd = decompressed.position();
    }
    rewind();
    return this;
  }

  /**
   * Back before the first record, without another look at the checksum and without decompressing
   * again: for a reader that walks over all records before it hands out the first.
   */
  public void rewind() {
    read = 0;
    scan.over(buffer, recordsStart, recordsEnd);
  }

  private void decompress(BatchView batch) {
    Compression compression = Compressions.get(batch.compressionId());
    decompressed.clear();
    // One byte over the limit tells a batch that fits from one that does not.
    long limit = maxDecompressedBytes + 1L;
    growTo(Math.min(limit, 4L * batch.recordsSize() + SMALLEST_BUFFER));
    try (Compression.Decompression decompression = compression.decompress(batch.records())) {
      while (!decompression.into(decompressed) && decompressed.position() < limit) {
        growTo(Math.min(limit, 2L * decompressed.capacity()));
      }
    }
    if (decompressed.position() > maxDecompressedBytes) {
      throw new CorruptBatchException(
          ErrorCode.TOO_LARGE,
          describe(batch) + " decompresses to more than " + maxDecompressedBytes + " bytes");
    }
  }

  private void growTo(long capacity) {
    if (capacity > decompressed.capacity()) {
      decompressed = ByteBuffer.allocate((int) capacity).put(decompressed.flip());
    }
  }

  private static String describe(BatchView batch) {
    return "the batch at offset " + batch.baseOffset() + " (position " + batch.position() + ")";
  }

  /**
   * Moves to the next record; false behind the last.
   *
   * @throws CorruptBatchException when the bytes are no record, or the batch does not have as many
   *     as it says
   */
  public boolean next() {
    if (scan.next()) {
      read++;
      if (read > recordCount) {
        throw corrupt("the batch says it has only " + recordCount);
      }
      if (scan.offsetDelta() > lastOffsetDelta) {
        throw corrupt("its offset is behind the batch's last");
      }
      return true;
    }
    if (scan.problem() != null) {
      throw corrupt(scan.problem());
    }
    if (read != recordCount) {
      throw corrupt("it is missing; the batch says it has " + recordCount);
    }
    return false;
  }

  private CorruptBatchException corrupt(String why) {
    return new CorruptBatchException(
        "record " + read + " of the batch at offset " + baseOffset + ": " + why);
  }

  public long offset() {
    return baseOffset + scan.offsetDelta();
  }

  /**
   * Milliseconds since the epoch: the producer's clock, or the leader's where the topic says so.
   */
  public long timestamp() {
    return usesAppendTime ? appendTimestamp : baseTimestamp + scan.timestampDelta();
  }

  /** Null when absent; a new view at each call. */
  public @Nullable ByteBuffer key() {
    return view(scan.keyPosition(), scan.keySize());
  }

  /** Null for a tombstone; a new view at each call. */
  public @Nullable ByteBuffer value() {
    return view(scan.valuePosition(), scan.valueSize());
  }

  private @Nullable ByteBuffer view(int position, int size) {
    return size == RecordScan.ABSENT ? null : buffer.slice(position, size);
  }

  /** The record's place among the batch's offsets. */
  int offsetDelta() {
    return scan.offsetDelta();
  }

  /** What its producer said, also where the leader's clock counts. */
  long producerTimestamp() {
    return baseTimestamp + scan.timestampDelta();
  }

  /** Key, value and headers as they stand; a new view at each call. */
  ByteBuffer body() {
    return buffer.slice(scan.bodyPosition(), scan.bodyEnd() - scan.bodyPosition());
  }

  /** Where the key begins, for {@link #copy}; means nothing when there is none. */
  public int keyPosition() {
    return scan.keyPosition();
  }

  /** Or {@link #ABSENT}. */
  public int keySize() {
    return scan.keySize();
  }

  /** Where the value begins, for {@link #copy}; means nothing when there is none. */
  public int valuePosition() {
    return scan.valuePosition();
  }

  /** Or {@link #ABSENT}. */
  public int valueSize() {
    return scan.valueSize();
  }

  /** Behind the last record, counted as the positions above. */
  public int recordsEnd() {
    return recordsEnd;
  }

  /** Copies the records' bytes from a position on, decompressed: for a reader that keeps them. */
  public void copy(int position, byte[] into) {
    buffer.get(position, into);
  }

  /** In order, made at each call. */
  public List<RecordHeader> headers() {
    if (scan.headerCount() == 0) {
      return List.of();
    }
    List<RecordHeader> headers = new ArrayList<>(scan.headerCount());
    scan.rewindToHeaders();
    while (scan.nextHeader()) {
      byte[] name = bytes(scan.namePosition(), scan.nameSize());
      headers.add(
          new RecordHeader(
              new String(name, StandardCharsets.UTF_8),
              scan.headerValueSize() == RecordScan.ABSENT
                  ? null
                  : bytes(scan.headerValuePosition(), scan.headerValueSize())));
    }
    return headers;
  }

  private byte[] bytes(int position, int size) {
    byte[] copy = new byte[size];
    buffer.get(position, copy);
    return copy;
  }
}
