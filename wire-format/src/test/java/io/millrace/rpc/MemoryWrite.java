package io.millrace.rpc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;

/** A head and its parts on their way out. File slices are read when their bytes are taken. */
final class MemoryWrite {
  private final ArrayDeque<Payload> parts = new ArrayDeque<>();
  private final Link.WriteDone whenGone;

  /** Taken of the first part. */
  private long position;

  private long left;

  MemoryWrite(ByteBuffer head, List<Payload> payload, Link.WriteDone whenGone) {
    parts.add(new Payload.Bytes(head));
    parts.addAll(payload);
    this.whenGone = whenGone;
    left = head.remaining() + Payload.sizeOf(payload);
  }

  long left() {
    return left;
  }

  ByteBuffer take(int size) throws IOException {
    ByteBuffer taken = ByteBuffer.allocate(size);
    while (taken.hasRemaining()) {
      Payload part = parts.element();
      int length = (int) Math.min(part.size() - position, taken.remaining());
      ByteBuffer into = taken.slice(taken.position(), length);
      if (part instanceof Payload.Bytes bytes) {
        int from = bytes.buffer().position() + (int) position;
        into.put(bytes.buffer().slice(from, length));
      } else if (length > 0) {
        ((Payload.Slice) part).slice().read(position, into);
      }
      taken.position(taken.position() + length);
      position += length;
      if (position == part.size()) {
        drop(parts.remove());
        position = 0;
      }
    }
    left -= size;
    return taken.flip();
  }

  private static void drop(Payload part) {
    if (part instanceof Payload.Slice slice) {
      slice.slice().release();
    }
  }

  void done(boolean written) {
    parts.forEach(MemoryWrite::drop);
    parts.clear();
    whenGone.done(written);
  }
}
