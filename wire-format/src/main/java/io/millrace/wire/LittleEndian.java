package io.millrace.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Protobuf's fixed32 and fixed64, whatever byte order the buffer is set to. */
final class LittleEndian {
  private static final VarHandle INT =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private LittleEndian() {}

  static int getInt(ByteBuffer buffer, int position) {
    return (int) INT.get(buffer, position);
  }

  static long getLong(ByteBuffer buffer, int position) {
    return (long) LONG.get(buffer, position);
  }

  static void putInt(ByteBuffer buffer, int position, int value) {
    INT.set(buffer, position, value);
  }

  static void putLong(ByteBuffer buffer, int position, long value) {
    LONG.set(buffer, position, value);
  }
}
