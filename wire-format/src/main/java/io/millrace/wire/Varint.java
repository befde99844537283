package io.millrace.wire;

import java.nio.ByteBuffer;

/**
 * Protobuf's variable-length integers, in their shortest form only.
 *
 * <p>A sender has one way to write a number here, so that equal content has equal bytes, and a
 * reader need not follow ten bytes that say nothing.
 */
final class Varint {
  /** From {@link #readSize}: the number goes on behind the limit. */
  static final long SHORT = -1;

  /** From {@link #readSize}: not the shortest form, or no size below 2^31. */
  static final long MALFORMED = -2;

  private Varint() {}

  static int sizeOf(int value) {
    // One byte for each begun seven bits: 9/64 is 1/7 as far as 32 bits go.
    return (352 - Integer.numberOfLeadingZeros(value) * 9) >>> 6;
  }

  static int sizeOf(long value) {
    return (640 - Long.numberOfLeadingZeros(value) * 9) >>> 6;
  }

  static long zigZag(long value) {
    return (value << 1) ^ (value >> 63);
  }

  static long unZigZag(long value) {
    return (value >>> 1) ^ -(value & 1);
  }

  /** Returns the position behind what it wrote. */
  static int put(ByteBuffer buffer, int position, int value) {
    int at = position;
    int rest = value;
    while ((rest & ~0x7f) != 0) {
      buffer.put(at++, (byte) (rest | 0x80));
      rest >>>= 7;
    }
    buffer.put(at++, (byte) rest);
    return at;
  }

  /** Returns the position behind what it wrote. */
  static int put(ByteBuffer buffer, int position, long value) {
    int at = position;
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      buffer.put(at++, (byte) (rest | 0x80));
      rest >>>= 7;
    }
    buffer.put(at++, (byte) rest);
    return at;
  }

  /**
   * Reads a number below 2^31: {@link #valueOf} and {@link #lengthOf} take the result apart. {@link
   * #SHORT} and {@link #MALFORMED} are negative.
   */
  static long readSize(ByteBuffer buffer, int position, int limit) {
    if (position >= limit) {
      return SHORT;
    }
    int value = buffer.get(position);
    if (value >= 0) {
      return 1L << 32 | value;
    }
    value &= 0x7f;
    for (int length = 1; length < 5; length++) {
      if (position + length >= limit) {
        return SHORT;
      }
      int next = buffer.get(position + length);
      value |= (next & 0x7f) << (7 * length);
      if (next >= 0) {
        boolean shortest = next != 0;
        boolean below2To31 = length < 4 || next < 8;
        return shortest && below2To31 ? (length + 1L) << 32 | value : MALFORMED;
      }
    }
    return MALFORMED;
  }

  static int valueOf(long read) {
    return (int) read;
  }

  /** Bytes the number takes. */
  static int lengthOf(long read) {
    return (int) (read >>> 32);
  }
}
