package io.millrace.wire;

/**
 * The bits of a batch's {@code attributes}.
 *
 * <pre>
 *   31 ... 11 | 10 .. 8  | 7          | 6       | 5       | 4       | 3         | 2 .. 0
 *   zero      | record   | tombstones | com-    | control | trans-  | append    | compression
 *             | encoding | taken out  | pacted  |         | actional| time kind |
 * </pre>
 *
 * <p>A reader refuses a batch with a bit set that it does not know: what is not understood is not
 * half understood.
 */
final class BatchAttributes {
  static final int COMPRESSION_MASK = 0b111;

  /** The time of every record is the batch's append time. Only brokers set it. */
  static final int APPEND_TIME = 1 << 3;

  static final int TRANSACTIONAL = 1 << 4;

  /** Markers that brokers write; never shown to consumers. */
  static final int CONTROL = 1 << 5;

  /**
   * A broker has taken records out, or has looked at tombstones for the first time: then {@code
   * base_timestamp} says from when on these may go. Only brokers set it.
   */
  static final int COMPACTED = 1 << 6;

  /** Of what was taken out, some were tombstones. Only together with {@link #COMPACTED}. */
  static final int TOMBSTONES_TAKEN_OUT = 1 << 7;

  static final int ENCODING_SHIFT = 8;
  static final int ENCODING_MASK = 0b111 << ENCODING_SHIFT;

  /** The records are a {@code RecordSet}. 1 is reserved for Kafka's version-2 records. */
  static final int RECORD_SET = 0;

  private static final int KNOWN =
      COMPRESSION_MASK
          | APPEND_TIME
          | TRANSACTIONAL
          | CONTROL
          | COMPACTED
          | TOMBSTONES_TAKEN_OUT
          | ENCODING_MASK;

  private BatchAttributes() {}

  static int compressionId(int attributes) {
    return attributes & COMPRESSION_MASK;
  }

  static int encoding(int attributes) {
    return (attributes & ENCODING_MASK) >>> ENCODING_SHIFT;
  }

  static int unknownBits(int attributes) {
    return attributes & ~KNOWN;
  }
}
