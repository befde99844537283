package io.millrace.wire;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Looks at one batch where it lies; reused for batch after batch without allocating.
 *
 * <p>Belongs to one thread. Sees the buffer's bytes, not its position, limit or byte order, and
 * leaves these alone; the bytes must stay as they are while the view is on them.
 */
public final class BatchView {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final CRC32C crc32c = new CRC32C();

  private ByteBuffer buffer = NOTHING;
  // The same bytes with a position and a limit of our own, for the checksum.
  private ByteBuffer window = NOTHING;

  private int position;
  private int sizeBytes;
  private int message;
  private int recordsPosition;
  private int recordsSize;
  private boolean whole;
  private @Nullable String problem;

  /**
   * Moves to the batch at a position.
   *
   * @throws CorruptBatchException when no batch with its whole header is there: for bytes that were
   *     scanned before
   */
  public BatchView wrap(ByteBuffer buffer, int position) {
    BatchScan found = scan(buffer, position, buffer.limit());
    if (found != BatchScan.WHOLE && found != BatchScan.HEADER) {
      throw new CorruptBatchException(
          "no batch at position " + position + ": " + (problem == null ? found : problem));
    }
    return this;
  }

  /**
   * Looks whether a batch begins at a position, of which bytes before {@code limit} are at hand.
   * After {@link BatchScan#WHOLE} and {@link BatchScan#HEADER} the view is on that batch; otherwise
   * it is on none. Does not look at the records, nor at the checksum.
   */
  @SuppressWarnings("ReferenceEquality") // the same object, or the window has to be made anew
  public BatchScan scan(ByteBuffer buffer, int position, int limit) {
    if (buffer != this.buffer) {
      this.buffer = buffer;
      this.window = buffer.duplicate().clear();
    }
    this.position = position;
    this.problem = null;
    this.sizeBytes = 0;
    this.whole = false;
    if (position >= limit) {
      return BatchScan.END;
    }
    byte tag = buffer.get(position);
    if (tag != BatchLayout.BATCH_TAG) {
      return tag == 0 ? BatchScan.END : malformed("it does not begin with a batch's tag");
    }
    long length = Varint.readSize(buffer, position + 1, limit);
    if (length == Varint.SHORT) {
      return BatchScan.INCOMPLETE;
    }
    int messageSize = Varint.valueOf(length);
    int prefixSize = 1 + Varint.lengthOf(length);
    if (length == Varint.MALFORMED
        || messageSize < BatchLayout.messageSizeBytes(0)
        || messageSize > BatchLayout.MAX_SIZE_BYTES - prefixSize) {
      return malformed("its length is not one a batch can have");
    }
    message = position + prefixSize;
    BatchScan found = scanHeader(messageSize, limit);
    if (found != BatchScan.HEADER) {
      return found;
    }
    sizeBytes = prefixSize + messageSize;
    whole = messageSize <= limit - message;
    return whole ? BatchScan.WHOLE : BatchScan.HEADER;
  }

  /** {@code HEADER} when all is well up to the records' first byte. */
  private BatchScan scanHeader(int messageSize, int limit) {
    if (limit - message <= BatchLayout.HEADER_END) {
      return BatchScan.INCOMPLETE;
    }
    if (!isCanonical(buffer, message)) {
      return malformed("its header is not canonical");
    }
    int lengthPosition = message + BatchLayout.HEADER_END + 1;
    long records = Varint.readSize(buffer, lengthPosition, limit);
    if (records == Varint.SHORT && limit - message < messageSize) {
      return BatchScan.INCOMPLETE;
    }
    recordsPosition = lengthPosition + Varint.lengthOf(records);
    recordsSize = Varint.valueOf(records);
    if (records < 0 || recordsSize != messageSize - (long) (recordsPosition - message)) {
      return malformed("its length and that of its records do not fit together");
    }
    return BatchScan.HEADER;
  }

  private static boolean isCanonical(ByteBuffer buffer, int message) {
    int wrong = buffer.get(message) ^ BatchLayout.BASE_OFFSET_TAG;
    wrong |= buffer.get(message + BatchLayout.LEADER_EPOCH - 1) ^ BatchLayout.LEADER_EPOCH_TAG;
    wrong |=
        buffer.get(message + BatchLayout.APPEND_TIMESTAMP - 1) ^ BatchLayout.APPEND_TIMESTAMP_TAG;
    wrong |= buffer.get(message + BatchLayout.CRC - 1) ^ BatchLayout.CRC_TAG;
    wrong |= buffer.get(message + BatchLayout.ATTRIBUTES - 1) ^ BatchLayout.ATTRIBUTES_TAG;
    wrong |=
        buffer.get(message + BatchLayout.LAST_OFFSET_DELTA - 1) ^ BatchLayout.LAST_OFFSET_DELTA_TAG;
    wrong |= buffer.get(message + BatchLayout.BASE_TIMESTAMP - 1) ^ BatchLayout.BASE_TIMESTAMP_TAG;
    wrong |= buffer.get(message + BatchLayout.MAX_TIMESTAMP - 1) ^ BatchLayout.MAX_TIMESTAMP_TAG;
    wrong |= buffer.get(message + BatchLayout.PRODUCER_ID - 1) ^ BatchLayout.PRODUCER_ID_TAG;
    wrong |= buffer.get(message + BatchLayout.PRODUCER_EPOCH - 1) ^ BatchLayout.PRODUCER_EPOCH_TAG;
    wrong |= buffer.get(message + BatchLayout.BASE_SEQUENCE - 1) ^ BatchLayout.BASE_SEQUENCE_TAG;
    wrong |= buffer.get(message + BatchLayout.RECORD_COUNT - 1) ^ BatchLayout.RECORD_COUNT_TAG;
    wrong |= buffer.get(message + BatchLayout.HEADER_END) ^ BatchLayout.RECORDS_TAG;
    return wrong == 0;
  }

  private BatchScan malformed(String why) {
    problem = why;
    return BatchScan.MALFORMED;
  }

  /** After {@link BatchScan#MALFORMED}: what is wrong with the bytes. */
  public @Nullable String problem() {
    return problem;
  }

  /** Where the batch begins in its buffer. */
  public int position() {
    return position;
  }

  /** Tag, length and message together. */
  public int sizeBytes() {
    return sizeBytes;
  }

  public long baseOffset() {
    return LittleEndian.getLong(buffer, message + BatchLayout.BASE_OFFSET);
  }

  public long lastOffset() {
    return baseOffset() + lastOffsetDelta();
  }

  /** Of the batch behind this one. */
  public long nextOffset() {
    return lastOffset() + 1;
  }

  public int leaderEpoch() {
    return LittleEndian.getInt(buffer, message + BatchLayout.LEADER_EPOCH);
  }

  /** The leader's clock, milliseconds since the epoch. */
  public long appendTimestamp() {
    return LittleEndian.getLong(buffer, message + BatchLayout.APPEND_TIMESTAMP);
  }

  public int crc() {
    return LittleEndian.getInt(buffer, message + BatchLayout.CRC);
  }

  /** Bits as PROTOCOL.md has them. */
  public int attributes() {
    return LittleEndian.getInt(buffer, message + BatchLayout.ATTRIBUTES);
  }

  /** See {@link Compressions}. */
  public int compressionId() {
    return BatchAttributes.compressionId(attributes());
  }

  /** Written by a broker for brokers and readers' machinery; not for applications. */
  public boolean isControl() {
    return (attributes() & BatchAttributes.CONTROL) != 0;
  }

  public boolean isTransactional() {
    return (attributes() & BatchAttributes.TRANSACTIONAL) != 0;
  }

  /** Whether the records' time is the append time, not the producer's. */
  public boolean usesAppendTime() {
    return (attributes() & BatchAttributes.APPEND_TIME) != 0;
  }

  /**
   * Whether compaction has written it: records may be missing, the checksum is not the producer's,
   * and if there are tombstones in it, {@link #baseTimestamp} is when they may go.
   */
  public boolean isCompacted() {
    return (attributes() & BatchAttributes.COMPACTED) != 0;
  }

  /** Whether compaction has taken tombstones out of these offsets. */
  public boolean hasLostTombstones() {
    return (attributes() & BatchAttributes.TOMBSTONES_TAKEN_OUT) != 0;
  }

  public int lastOffsetDelta() {
    return LittleEndian.getInt(buffer, message + BatchLayout.LAST_OFFSET_DELTA);
  }

  /** The producer's clock, milliseconds since the epoch. */
  public long baseTimestamp() {
    return LittleEndian.getLong(buffer, message + BatchLayout.BASE_TIMESTAMP);
  }

  /** The producer's clock, milliseconds since the epoch. */
  public long maxTimestamp() {
    return LittleEndian.getLong(buffer, message + BatchLayout.MAX_TIMESTAMP);
  }

  /** Or {@link BatchLayout#NO_PRODUCER_ID}. */
  public long producerId() {
    return LittleEndian.getLong(buffer, message + BatchLayout.PRODUCER_ID);
  }

  public int producerEpoch() {
    return LittleEndian.getInt(buffer, message + BatchLayout.PRODUCER_EPOCH);
  }

  public int baseSequence() {
    return LittleEndian.getInt(buffer, message + BatchLayout.BASE_SEQUENCE);
  }

  public int recordCount() {
    return LittleEndian.getInt(buffer, message + BatchLayout.RECORD_COUNT);
  }

  /** The records as they stand, perhaps compressed; a new view at each call. */
  public ByteBuffer records() {
    assertWhole();
    return window.slice(recordsPosition, recordsSize);
  }

  int recordsPosition() {
    return recordsPosition;
  }

  int recordsSize() {
    return recordsSize;
  }

  ByteBuffer buffer() {
    return buffer;
  }

  /** Reads the whole batch. */
  public boolean checksumMatches() {
    return checksum() == crc();
  }

  private int checksum() {
    assertWhole();
    int end = position + sizeBytes;
    return Checksum.of(crc32c, window, message + BatchLayout.CHECKSUMMED, end);
  }

  /**
   * Makes the append time that of every record: what a broker does for a topic that dates records
   * by its own clock. Under the checksum, which is made anew.
   */
  public void useAppendTime() {
    LittleEndian.putInt(
        buffer, message + BatchLayout.ATTRIBUTES, attributes() | BatchAttributes.APPEND_TIME);
    LittleEndian.putInt(buffer, message + BatchLayout.CRC, checksum());
  }

  /**
   * Says who sends the batch, and as which of its records: what {@link BatchBuilder#producer} would
   * have written. Under the checksum, which is made anew.
   */
  public void nameProducer(long producerId, int producerEpoch, int baseSequence) {
    LittleEndian.putLong(buffer, message + BatchLayout.PRODUCER_ID, producerId);
    LittleEndian.putInt(buffer, message + BatchLayout.PRODUCER_EPOCH, producerEpoch);
    LittleEndian.putInt(buffer, message + BatchLayout.BASE_SEQUENCE, baseSequence);
    LittleEndian.putInt(buffer, message + BatchLayout.CRC, checksum());
  }

  /** Writes what is the leader's to say, in place; the checksum does not cover it. */
  public void stamp(long baseOffset, int leaderEpoch, long appendTimestampMillis) {
    LittleEndian.putLong(buffer, message + BatchLayout.BASE_OFFSET, baseOffset);
    LittleEndian.putInt(buffer, message + BatchLayout.LEADER_EPOCH, leaderEpoch);
    LittleEndian.putLong(buffer, message + BatchLayout.APPEND_TIMESTAMP, appendTimestampMillis);
  }

  private void assertWhole() {
    if (!whole) {
      throw new IllegalStateException("only the header of the batch is at hand");
    }
  }
}
