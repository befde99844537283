package io.millrace.rpc;

import java.nio.ByteBuffer;
import java.util.List;

/** What follows the head of an outgoing message: buffers and file slices, in order. */
public sealed interface Payload {
  record Bytes(ByteBuffer buffer) implements Payload {}

  record Slice(FileSlice slice) implements Payload {}

  /** Bytes in this part. */
  default long size() {
    if (this instanceof Bytes bytes) {
      return bytes.buffer().remaining();
    }
    return ((Slice) this).slice().size();
  }

  static long sizeOf(List<Payload> parts) {
    long size = 0;
    for (Payload part : parts) {
      size += part.size();
    }
    return size;
  }

  /** For parts that will not be sent after all: the slices among them are given back. */
  static void release(List<Payload> parts) {
    for (Payload part : parts) {
      if (part instanceof Slice slice) {
        slice.slice().release();
      }
    }
  }
}
