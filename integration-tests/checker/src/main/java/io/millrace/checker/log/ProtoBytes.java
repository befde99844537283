package io.millrace.checker.log;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The little of protobuf's encoding that segments are made of. Positions are the buffer's. */
final class ProtoBytes {
  private final ByteBuffer bytes;

  ProtoBytes(ByteBuffer bytes) {
    this.bytes = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The bytes do not make sense; says where. */
  static final class Unreadable extends Exception {
    private static final long serialVersionUID = 1;

    private final String what;

    Unreadable(String what) {
      super(what);
      this.what = what;
    }

    String what() {
      return what;
    }
  }

  boolean atEnd() {
    return !bytes.hasRemaining();
  }

  int position() {
    return bytes.position();
  }

  int peek() {
    return bytes.get(bytes.position()) & 0xFF;
  }

  void tag(int expected) throws Unreadable {
    need(1);
    int found = bytes.get() & 0xFF;
    if (found != expected) {
      throw new Unreadable(
          "tag %02X instead of %02X at %d".formatted(found, expected, bytes.position() - 1));
    }
  }

  /** The tag, and then the number. */
  long fixed32(int tag) throws Unreadable {
    tag(tag);
    need(4);
    return bytes.getInt() & 0xFFFF_FFFFL;
  }

  /** The tag, and then the number. */
  long fixed64(int tag) throws Unreadable {
    tag(tag);
    need(8);
    return bytes.getLong();
  }

  long varint() throws Unreadable {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      need(1);
      byte b = bytes.get();
      value |= (b & 0x7FL) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw new Unreadable("a number of more than ten bytes at " + bytes.position());
  }

  /** A length and so many bytes; they are passed. */
  ByteBuffer sized() throws Unreadable {
    long length = varint();
    if (length < 0 || length > bytes.remaining()) {
      throw new Unreadable(
          length + " bytes are announced and " + bytes.remaining() + " left at " + position());
    }
    ByteBuffer slice = bytes.slice(bytes.position(), (int) length);
    bytes.position(bytes.position() + (int) length);
    return slice;
  }

  private void need(int count) throws Unreadable {
    if (bytes.remaining() < count) {
      throw new Unreadable("the bytes end at " + bytes.limit());
    }
  }
}
