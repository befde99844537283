package io.millrace.wire;

import java.nio.ByteBuffer;

/** Copies; readers and writers do without it where they can. */
public final class NoCompression implements Compression {
  @Override
  public int id() {
    return 0;
  }

  @Override
  public String name() {
    return "none";
  }

  @Override
  public boolean compress(ByteBuffer source, ByteBuffer target) {
    if (source.remaining() > target.remaining()) {
      return false;
    }
    target.put(source.duplicate());
    return true;
  }

  @Override
  public Decompression decompress(ByteBuffer source) {
    ByteBuffer rest = source.duplicate();
    return new Decompression() {
      @Override
      public boolean into(ByteBuffer target) {
        int size = Math.min(rest.remaining(), target.remaining());
        target.put(rest.slice(rest.position(), size));
        rest.position(rest.position() + size);
        return !rest.hasRemaining();
      }

      @Override
      public void close() {}
    };
  }
}
