package io.millrace.wire;

/**
 * Where everything stands in a record batch, which is one element of a {@code BatchSequence}.
 *
 * <pre>
 *  0A | length, a varint of 1 to 4 bytes | message
 *
 *  message (positions from its first byte; every field is its tag, then its value, little-endian)
 *
 *       0         9         14        23        28        33        38
 *       | 09 u64  | 15 u32  | 19 u64  | 25 u32  | 2D u32  | 35 u32  | ...
 *       | base    | leader  | append  | crc     | attri-  | last    |
 *       | offset  | epoch   | time    |         | butes   | delta   |
 *       '------ the leader's -----'   '         '--- the checksum covers from here to the end ->
 *
 *      38        47        56        65        70        75        80
 *       | 39 u64  | 41 u64  | 49 u64  | 55 u32  | 5D u32  | 65 u32  | 7A length records
 *       | base    | max     | producer| producer| base    | record  |
 *       | time    | time    | id      | epoch   | sequence| count   |
 * </pre>
 *
 * <p>Positions of values point behind the tag. The checksum covers neither the leader's fields,
 * which change without it, nor the tags before it, which have only one right value.
 */
public final class BatchLayout {
  private static final int TAG = 1;
  private static final int TAG_AND_INT = TAG + Integer.BYTES;
  private static final int TAG_AND_LONG = TAG + Long.BYTES;

  /** Begins every batch; a zero byte in its place is the end of a file that was made longer. */
  static final byte BATCH_TAG = 0x0A;

  static final byte BASE_OFFSET_TAG = 0x09;
  static final byte LEADER_EPOCH_TAG = 0x15;
  static final byte APPEND_TIMESTAMP_TAG = 0x19;
  static final byte CRC_TAG = 0x25;
  static final byte ATTRIBUTES_TAG = 0x2D;
  static final byte LAST_OFFSET_DELTA_TAG = 0x35;
  static final byte BASE_TIMESTAMP_TAG = 0x39;
  static final byte MAX_TIMESTAMP_TAG = 0x41;
  static final byte PRODUCER_ID_TAG = 0x49;
  static final byte PRODUCER_EPOCH_TAG = 0x55;
  static final byte BASE_SEQUENCE_TAG = 0x5D;
  static final byte RECORD_COUNT_TAG = 0x65;
  static final byte RECORDS_TAG = 0x7A;

  static final int BASE_OFFSET = TAG;
  static final int LEADER_EPOCH = BASE_OFFSET + TAG_AND_LONG;
  static final int APPEND_TIMESTAMP = LEADER_EPOCH + TAG_AND_INT;
  static final int CRC = APPEND_TIMESTAMP + TAG_AND_LONG;

  /** The first byte under the checksum. */
  static final int CHECKSUMMED = CRC + Integer.BYTES;

  static final int ATTRIBUTES = CHECKSUMMED + TAG;
  static final int LAST_OFFSET_DELTA = ATTRIBUTES + TAG_AND_INT;
  static final int BASE_TIMESTAMP = LAST_OFFSET_DELTA + TAG_AND_INT;
  static final int MAX_TIMESTAMP = BASE_TIMESTAMP + TAG_AND_LONG;
  static final int PRODUCER_ID = MAX_TIMESTAMP + TAG_AND_LONG;
  static final int PRODUCER_EPOCH = PRODUCER_ID + TAG_AND_LONG;
  static final int BASE_SEQUENCE = PRODUCER_EPOCH + TAG_AND_INT;
  static final int RECORD_COUNT = BASE_SEQUENCE + TAG_AND_INT;

  /** The tag of the records; all header fields stand before it. */
  static final int HEADER_END = RECORD_COUNT + Integer.BYTES;

  /** No batch is larger, whatever a topic's settings say; tag and length included. */
  public static final int MAX_SIZE_BYTES = 64 << 20;

  private static final int MAX_LENGTH_BYTES = Varint.sizeOf(MAX_SIZE_BYTES);

  /** So many bytes of a batch always tell its size and hold its whole header. */
  public static final int MAX_HEADER_BYTES =
      TAG + MAX_LENGTH_BYTES + HEADER_END + TAG + MAX_LENGTH_BYTES;

  /** The smallest batch there can be: one without a record. */
  public static final int MIN_SIZE_BYTES = (int) sizeBytes(0);

  /** {@code producer_id}, {@code producer_epoch} and {@code base_sequence} when there is none. */
  public static final long NO_PRODUCER_ID = -1;

  static final int NO_PRODUCER_EPOCH = -1;
  static final int NO_SEQUENCE = -1;

  private BatchLayout() {}

  static byte[] emptyHeader() {
    byte[] header = new byte[HEADER_END + TAG];
    header[BASE_OFFSET - TAG] = BASE_OFFSET_TAG;
    header[LEADER_EPOCH - TAG] = LEADER_EPOCH_TAG;
    header[APPEND_TIMESTAMP - TAG] = APPEND_TIMESTAMP_TAG;
    header[CRC - TAG] = CRC_TAG;
    header[ATTRIBUTES - TAG] = ATTRIBUTES_TAG;
    header[LAST_OFFSET_DELTA - TAG] = LAST_OFFSET_DELTA_TAG;
    header[BASE_TIMESTAMP - TAG] = BASE_TIMESTAMP_TAG;
    header[MAX_TIMESTAMP - TAG] = MAX_TIMESTAMP_TAG;
    header[PRODUCER_ID - TAG] = PRODUCER_ID_TAG;
    header[PRODUCER_EPOCH - TAG] = PRODUCER_EPOCH_TAG;
    header[BASE_SEQUENCE - TAG] = BASE_SEQUENCE_TAG;
    header[RECORD_COUNT - TAG] = RECORD_COUNT_TAG;
    header[HEADER_END] = RECORDS_TAG;
    return header;
  }

  /** Size of a whole batch whose records take so many bytes. */
  static long sizeBytes(int recordsSize) {
    long message = messageSizeBytes(recordsSize);
    return TAG + Varint.sizeOf(message) + message;
  }

  static long messageSizeBytes(int recordsSize) {
    return HEADER_END + TAG + Varint.sizeOf(recordsSize) + (long) recordsSize;
  }
}
