package io.millrace.wire;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Steps over the records of an uncompressed {@code RecordSet} and finds where each field lies. Both
 * the broker's check and the reader stand on it, so that what the one lets in the other can read.
 *
 * <p>Strict where protobuf's parsers are lenient: fields in the order of their numbers, each at
 * most once but for headers, numbers in their shortest form, names in valid UTF-8, nothing unknown.
 * Never throws on bad bytes and never allocates.
 */
final class RecordScan {
  static final int RECORD_TAG = 0x0A;
  static final int TIMESTAMP_DELTA_TAG = 0x08;
  static final int OFFSET_DELTA_TAG = 0x10;
  static final int KEY_TAG = 0x1A;
  static final int VALUE_TAG = 0x22;
  static final int HEADER_TAG = 0x2A;

  static final int HEADER_NAME_TAG = 0x0A;
  static final int HEADER_VALUE_TAG = 0x12;

  static final int ABSENT = -1;

  /** Of one record: they take two bytes each, and objects where they are read. */
  static final int MAX_HEADERS = 10_000;

  private static final int NO_TAG = -1;

  private ByteBuffer buffer = ByteBuffer.allocate(0);
  private int at;
  private int end;
  private @Nullable String problem;

  private long timestampDelta;
  private int offsetDelta;
  private int bodyPosition;
  private int keyPosition;
  private int keySize;
  private int valuePosition;
  private int valueSize;
  private int headersPosition;
  private int headersEnd;
  private int headerCount;
  private int headersSize;

  // Of the header that nextHeader stands on.
  private int namePosition;
  private int nameSize;
  private int headerValuePosition;
  private int headerValueSize;

  void over(ByteBuffer buffer, int start, int end) {
    this.buffer = buffer;
    this.at = start;
    this.end = end;
    this.problem = null;
    this.offsetDelta = -1;
  }

  /** Moves to the next record; false at the end, and when {@link #problem} says what is wrong. */
  boolean next() {
    if (at >= end || problem != null) {
      return false;
    }
    if ((buffer.get(at) & 0xff) != RECORD_TAG) {
      return fail("a record does not begin with its tag");
    }
    at++;
    int size = size(end);
    if (size < 0) {
      return false;
    }
    return fields(at + size);
  }

  private boolean fields(int recordEnd) {
    timestampDelta = 0;
    keySize = ABSENT;
    valueSize = ABSENT;
    headerCount = 0;
    headersSize = 0;
    int nextOffsetDelta = offsetDelta + 1;

    int tag = tag(recordEnd);
    if (tag == TIMESTAMP_DELTA_TAG) {
      at++;
      if (!timestampDelta(recordEnd)) {
        return false;
      }
      tag = tag(recordEnd);
    }
    if (tag == OFFSET_DELTA_TAG) {
      at++;
      int delta = number(recordEnd);
      if (delta < nextOffsetDelta) {
        return problem == null && fail("offset deltas do not rise");
      }
      nextOffsetDelta = delta;
      tag = tag(recordEnd);
    }
    if (nextOffsetDelta < 0) {
      return fail("offset deltas pass 2^31 - 1");
    }
    offsetDelta = nextOffsetDelta;
    bodyPosition = at;
    if (tag == KEY_TAG) {
      at++;
      keySize = size(recordEnd);
      keyPosition = at;
      if (keySize < 0) {
        return false;
      }
      at += keySize;
      tag = tag(recordEnd);
    }
    if (tag == VALUE_TAG) {
      at++;
      valueSize = size(recordEnd);
      valuePosition = at;
      if (valueSize < 0) {
        return false;
      }
      at += valueSize;
      tag = tag(recordEnd);
    }
    headersPosition = at;
    while (tag == HEADER_TAG) {
      if (!header(recordEnd)) {
        return false;
      }
      if (++headerCount > MAX_HEADERS) {
        return fail("a record has more than " + MAX_HEADERS + " headers");
      }
      headersSize += nameSize + Math.max(0, headerValueSize);
      tag = tag(recordEnd);
    }
    headersEnd = at;
    return tag == NO_TAG || fail("a record has a field out of order, twice or unknown");
  }

  /** Leaves {@code at} behind the header, whose parts it has found. */
  private boolean header(int recordEnd) {
    at++;
    int size = size(recordEnd);
    if (size < 0) {
      return false;
    }
    int headerEnd = at + size;
    nameSize = 0;
    namePosition = at;
    headerValueSize = ABSENT;
    int tag = tag(headerEnd);
    if (tag == HEADER_NAME_TAG) {
      at++;
      nameSize = size(headerEnd);
      namePosition = at;
      if (nameSize < 0) {
        return false;
      }
      at += nameSize;
      if (!Utf8.isValid(buffer, namePosition, at)) {
        return fail("a header's name is not UTF-8");
      }
      tag = tag(headerEnd);
    }
    if (tag == HEADER_VALUE_TAG) {
      at++;
      headerValueSize = size(headerEnd);
      headerValuePosition = at;
      if (headerValueSize < 0) {
        return false;
      }
      at += headerValueSize;
      tag = tag(headerEnd);
    }
    return tag == NO_TAG || fail("a header has a field out of order, twice or unknown");
  }

  private int tag(int limit) {
    return at < limit ? buffer.get(at) & 0xff : NO_TAG;
  }

  /** Reads a length that must fit before the limit; negative: failed. */
  private int size(int limit) {
    int size = number(limit);
    if (size > limit - at) {
      fail("a length points behind the end");
      return -1;
    }
    return size;
  }

  /** Reads a number below 2^31; negative: failed. */
  private int number(int limit) {
    if (at < limit) {
      int first = buffer.get(at);
      if (first >= 0) {
        at++;
        return first;
      }
    }
    return longNumber(limit);
  }

  private int longNumber(int limit) {
    long read = Varint.readSize(buffer, at, limit);
    if (read < 0) {
      fail("a number is cut off, too large or not in its shortest form");
      return -1;
    }
    at += Varint.lengthOf(read);
    return Varint.valueOf(read);
  }

  private boolean timestampDelta(int limit) {
    long value = 0;
    for (int shift = 0; shift < 64 && at < limit; shift += 7) {
      int next = buffer.get(at++);
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        boolean shortest = next != 0 || shift == 0;
        if (!shortest || (shift == 63 && next > 1)) {
          break;
        }
        timestampDelta = Varint.unZigZag(value);
        return true;
      }
    }
    return fail("a timestamp is cut off, too large or not in its shortest form");
  }

  private boolean fail(String why) {
    problem = why;
    return false;
  }

  /** Moves to the current record's first header, before {@link #nextHeader}. */
  void rewindToHeaders() {
    at = headersPosition;
  }

  /** Moves to the next header of the current record; false behind the last. */
  boolean nextHeader() {
    return at < headersEnd && header(headersEnd);
  }

  /** Null as long as nothing is wrong. */
  @Nullable String problem() {
    return problem;
  }

  int position() {
    return at;
  }

  long timestampDelta() {
    return timestampDelta;
  }

  int offsetDelta() {
    return offsetDelta;
  }

  /** {@link #ABSENT} or the size. */
  int keySize() {
    return keySize;
  }

  int keyPosition() {
    return keyPosition;
  }

  /** {@link #ABSENT} or the size. */
  int valueSize() {
    return valueSize;
  }

  int valuePosition() {
    return valuePosition;
  }

  /** Key, value and headers as they stand, tags included: up to {@link #bodyEnd}. */
  int bodyPosition() {
    return bodyPosition;
  }

  /** Where the record ends. */
  int bodyEnd() {
    return headersEnd;
  }

  int headerCount() {
    return headerCount;
  }

  /** What counts against the record limit: key, value, and the headers' names and values. */
  int contentSize() {
    return Math.max(0, keySize) + Math.max(0, valueSize) + headersSize;
  }

  int nameSize() {
    return nameSize;
  }

  int namePosition() {
    return namePosition;
  }

  /** {@link #ABSENT} or the size. */
  int headerValueSize() {
    return headerValueSize;
  }

  int headerValuePosition() {
    return headerValuePosition;
  }
}
