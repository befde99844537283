package io.millrace.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** gzip (RFC 1952): one member for the records of a batch. Needs nothing but the JDK. */
public final class GzipCompression implements Compression {
  /** Magic, deflate, no flags, no time, no hint, unknown system. */
  private static final byte[] HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 0xff};

  /** CRC-32 and size of what was compressed. */
  static final int TRAILER_SIZE = 8;

  private final Spares<Writer> writers = new Spares<>(Writer::new, writer -> writer.deflater.end());
  private final Spares<GzipMember> members = new Spares<>(this::newMember, GzipMember::end);

  @Override
  public int id() {
    return 1;
  }

  @Override
  public String name() {
    return "gzip";
  }

  @Override
  public boolean compress(ByteBuffer source, ByteBuffer target) {
    Writer writer = writers.take();
    try {
      return writer.write(source, target);
    } finally {
      writers.giveBack(writer);
    }
  }

  @Override
  public Decompression decompress(ByteBuffer source) {
    return members.take().over(Compressions.readable(source));
  }

  private GzipMember newMember() {
    return new GzipMember(this::giveBack);
  }

  private void giveBack(GzipMember member) {
    members.giveBack(member);
  }

  private static final class Writer {
    private final Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    private final CRC32 crc32 = new CRC32();

    boolean write(ByteBuffer source, ByteBuffer target) {
      if (target.remaining() < HEADER.length + TRAILER_SIZE) {
        return false;
      }
      target.put(HEADER);
      deflater.reset();
      deflater.setInput(source.duplicate());
      deflater.finish();
      while (!deflater.finished() && target.hasRemaining()) {
        deflater.deflate(target);
      }
      if (!deflater.finished() || target.remaining() < TRAILER_SIZE) {
        return false;
      }
      crc32.reset();
      crc32.update(source.duplicate());
      ByteOrder order = target.order();
      target.order(ByteOrder.LITTLE_ENDIAN);
      target.putInt((int) crc32.getValue()).putInt(source.remaining());
      target.order(order);
      return true;
    }
  }
}
