package io.millrace.wire;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.IntFunction;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Encodes records straight into the bytes of a batch, without an object for each. Belongs to one
 * thread at a time.
 *
 * <p>The records are written behind room for the largest header; {@link #finish} writes the header
 * in front of them, so that the batch is in one piece. Reused with {@link #reset}, once nobody
 * reads the finished bytes any more.
 */
public final class BatchBuilder {
  /** Headers of one record; one with more is refused everywhere. */
  public static final int MAX_HEADERS = RecordScan.MAX_HEADERS;

  private static final int RECORDS_START = BatchLayout.MAX_HEADER_BYTES;
  private static final int FIRST_CAPACITY = 16 << 10;
  private static final int ABSENT = -1;

  /** All tags up to that of the records, and zeros for the values. */
  private static final byte[] EMPTY_HEADER = BatchLayout.emptyHeader();

  private final int fullSizeBytes;
  private final int maxSizeBytes;
  private final IntFunction<ByteBuffer> memory;
  private final CRC32C crc32c = new CRC32C();

  private ByteBuffer buffer;
  private @Nullable ByteBuffer compressed;
  private int end = RECORDS_START;
  private int recordCount;
  private boolean finished;
  private long baseTimestamp;
  private long maxTimestamp;
  private long producerId = BatchLayout.NO_PRODUCER_ID;
  private int producerEpoch = BatchLayout.NO_PRODUCER_EPOCH;
  private int baseSequence = BatchLayout.NO_SEQUENCE;

  /**
   * Starts empty.
   *
   * @param fullSizeBytes a second and later record must not make the batch larger than this
   * @param maxSizeBytes a first record may, but not larger than this
   * @param memory gives buffers of at least the size asked for: {@code ByteBuffer::allocate}
   */
  public BatchBuilder(int fullSizeBytes, int maxSizeBytes, IntFunction<ByteBuffer> memory) {
    if (fullSizeBytes > maxSizeBytes || maxSizeBytes > BatchLayout.MAX_SIZE_BYTES) {
      throw new IllegalArgumentException(
          fullSizeBytes + " > " + maxSizeBytes + " > " + BatchLayout.MAX_SIZE_BYTES);
    }
    this.fullSizeBytes = fullSizeBytes;
    this.maxSizeBytes = maxSizeBytes;
    this.memory = memory;
    this.buffer = memory.apply(Math.min(FIRST_CAPACITY, RECORDS_START + fullSizeBytes)).clear();
  }

  /**
   * Adds a record, or leaves the batch as it was when it is full.
   *
   * @param timestampMillis milliseconds since the epoch, not negative
   * @param key its remaining bytes; position and limit stay
   * @param value as the key; null makes a tombstone
   * @return false when the record does not fit; into an empty batch: when it never will
   */
  public boolean tryAppend(
      long timestampMillis,
      @Nullable ByteBuffer key,
      @Nullable ByteBuffer value,
      List<RecordHeader> headers) {
    int keySize = key == null ? ABSENT : key.remaining();
    int valueSize = value == null ? ABSENT : value.remaining();
    if (!begin(timestampMillis, keySize, valueSize, headers)) {
      return false;
    }
    if (key != null) {
      putField(RecordScan.KEY_TAG, key);
    }
    if (value != null) {
      putField(RecordScan.VALUE_TAG, value);
    }
    putHeaders(headers);
    return true;
  }

  /** As above, for arrays. */
  public boolean tryAppend(
      long timestampMillis,
      byte @Nullable [] key,
      byte @Nullable [] value,
      List<RecordHeader> headers) {
    int keySize = key == null ? ABSENT : key.length;
    int valueSize = value == null ? ABSENT : value.length;
    if (!begin(timestampMillis, keySize, valueSize, headers)) {
      return false;
    }
    if (key != null) {
      putField(RecordScan.KEY_TAG, key);
    }
    if (value != null) {
      putField(RecordScan.VALUE_TAG, value);
    }
    putHeaders(headers);
    return true;
  }

  /** Makes room and writes the record up to its key; false when it does not fit. */
  private boolean begin(
      long timestampMillis, int keySize, int valueSize, List<RecordHeader> headers) {
    if (finished) {
      throw new IllegalStateException("the batch is finished");
    }
    if (timestampMillis < 0) {
      throw new IllegalArgumentException("a timestamp is before 1970: " + timestampMillis);
    }
    if (headers.size() > MAX_HEADERS) {
      throw new IllegalArgumentException(headers.size() + " headers; at most " + MAX_HEADERS);
    }
    boolean first = recordCount == 0;
    long delta = Varint.zigZag(first ? 0 : timestampMillis - baseTimestamp);
    long size = delta == 0 ? 0 : 1 + Varint.sizeOf(delta);
    size += fieldSize(keySize) + fieldSize(valueSize);
    for (int i = 0; i < headers.size(); i++) {
      size += fieldSize(headerSize(headers.get(i)));
    }
    long recordsSize = end - RECORDS_START + 1 + Varint.sizeOf(size) + size;
    if (recordsSize > BatchLayout.MAX_SIZE_BYTES
        || BatchLayout.sizeBytes((int) recordsSize) > (first ? maxSizeBytes : fullSizeBytes)
        || recordCount == BatchLimits.DEFAULT_RECORDS_PER_BATCH) {
      return false;
    }
    ensureRoom(RECORDS_START + (int) recordsSize);
    if (first) {
      baseTimestamp = timestampMillis;
      maxTimestamp = timestampMillis;
    }
    maxTimestamp = Math.max(maxTimestamp, timestampMillis);
    recordCount++;
    startField(RecordScan.RECORD_TAG, (int) size);
    if (delta != 0) {
      buffer.put(end++, (byte) RecordScan.TIMESTAMP_DELTA_TAG);
      end = Varint.put(buffer, end, delta);
    }
    return true;
  }

  private static long fieldSize(int size) {
    return size == ABSENT ? 0 : 1L + Varint.sizeOf(size) + size;
  }

  private static int headerSize(RecordHeader header) {
    byte[] value = header.value();
    int nameSize = Utf8.sizeOf(header.name());
    // Protobuf leaves out an empty name.
    long size = fieldSize(nameSize == 0 ? ABSENT : nameSize);
    size += fieldSize(value == null ? ABSENT : value.length);
    return (int) Math.min(size, Integer.MAX_VALUE);
  }

  private void startField(int tag, int size) {
    buffer.put(end, (byte) tag);
    end = Varint.put(buffer, end + 1, size);
  }

  private void putField(int tag, ByteBuffer bytes) {
    int size = bytes.remaining();
    startField(tag, size);
    buffer.put(end, bytes, bytes.position(), size);
    end += size;
  }

  private void putField(int tag, byte[] bytes) {
    startField(tag, bytes.length);
    buffer.put(end, bytes);
    end += bytes.length;
  }

  private void putHeaders(List<RecordHeader> headers) {
    for (int i = 0; i < headers.size(); i++) {
      RecordHeader header = headers.get(i);
      startField(RecordScan.HEADER_TAG, headerSize(header));
      int nameSize = Utf8.sizeOf(header.name());
      if (nameSize > 0) {
        startField(RecordScan.HEADER_NAME_TAG, nameSize);
        end = Utf8.put(buffer, end, header.name(), nameSize);
      }
      byte[] value = header.value();
      if (value != null) {
        putField(RecordScan.HEADER_VALUE_TAG, value);
      }
    }
  }

  private void ensureRoom(int capacity) {
    if (capacity > buffer.capacity()) {
      long doubled = Math.min(2L * buffer.capacity(), RECORDS_START + (long) fullSizeBytes);
      ByteBuffer larger = memory.apply((int) Math.max(capacity, doubled)).clear();
      larger.put(RECORDS_START, buffer, RECORDS_START, end - RECORDS_START);
      buffer = larger;
    }
  }

  public int recordCount() {
    return recordCount;
  }

  /** Of the batch as it is now, uncompressed. */
  public int sizeBytes() {
    return (int) BatchLayout.sizeBytes(end - RECORDS_START);
  }

  /**
   * Says who sends the batch, before {@link #finish}: then the broker can tell a repetition.
   *
   * @param baseSequence of the first record, counted for each partition
   */
  public void producer(long id, int epoch, int baseSequence) {
    this.producerId = id;
    this.producerEpoch = epoch;
    this.baseSequence = baseSequence;
  }

  /**
   * Completes the batch; records that do not become smaller stay uncompressed.
   *
   * @return the batch, a new view of memory that {@link #reset} gives free
   */
  public ByteBuffer finish(Compression compression) {
    if (recordCount == 0 || finished) {
      throw new IllegalStateException(finished ? "finished already" : "a batch has records");
    }
    finished = true;
    int recordsSize = end - RECORDS_START;
    if (compression.id() != Compressions.NONE.id()) {
      ByteBuffer target = compressed;
      if (target == null || target.capacity() < end) {
        target = memory.apply(buffer.capacity());
        compressed = target;
      }
      // One byte less than as they are.
      target.clear().limit(end - 1).position(RECORDS_START);
      if (compression.compress(buffer.slice(RECORDS_START, recordsSize), target)) {
        int compressedSize = target.position() - RECORDS_START;
        return complete(target.clear(), compressedSize, compression.id());
      }
    }
    return complete(buffer, recordsSize, Compressions.NONE.id());
  }

  private ByteBuffer complete(ByteBuffer into, int recordsSize, int attributes) {
    int message = RECORDS_START - Varint.sizeOf(recordsSize) - EMPTY_HEADER.length;
    int messageSize = (int) BatchLayout.messageSizeBytes(recordsSize);
    int start = message - Varint.sizeOf(messageSize) - 1;
    int recordsEnd = RECORDS_START + recordsSize;

    into.put(start, BatchLayout.BATCH_TAG);
    Varint.put(into, start + 1, messageSize);
    into.put(message, EMPTY_HEADER);
    LittleEndian.putInt(into, message + BatchLayout.ATTRIBUTES, attributes);
    LittleEndian.putInt(into, message + BatchLayout.LAST_OFFSET_DELTA, recordCount - 1);
    LittleEndian.putLong(into, message + BatchLayout.BASE_TIMESTAMP, baseTimestamp);
    LittleEndian.putLong(into, message + BatchLayout.MAX_TIMESTAMP, maxTimestamp);
    LittleEndian.putLong(into, message + BatchLayout.PRODUCER_ID, producerId);
    LittleEndian.putInt(into, message + BatchLayout.PRODUCER_EPOCH, producerEpoch);
    LittleEndian.putInt(into, message + BatchLayout.BASE_SEQUENCE, baseSequence);
    LittleEndian.putInt(into, message + BatchLayout.RECORD_COUNT, recordCount);
    Varint.put(into, message + EMPTY_HEADER.length, recordsSize);
    int crc = Checksum.of(crc32c, into, message + BatchLayout.CHECKSUMMED, recordsEnd);
    LittleEndian.putInt(into, message + BatchLayout.CRC, crc);
    return into.slice(start, recordsEnd - start);
  }

  /** Empties the batch and uses its memory again. */
  public void reset() {
    end = RECORDS_START;
    recordCount = 0;
    finished = false;
    producer(BatchLayout.NO_PRODUCER_ID, BatchLayout.NO_PRODUCER_EPOCH, BatchLayout.NO_SEQUENCE);
  }
}
