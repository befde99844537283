package io.millrace.wire;

import static io.millrace.wire.CompressionTest.compressed;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** At most a megabyte of what becomes as much as its codec can make of it. */
final class Bombs {
  private static final int MIB = 1 << 20;

  private Bombs() {}

  /** Made once: it takes a second. */
  private static final class Gzip {
    static final ByteBuffer BOMB =
        compressed(Compressions.named("gzip"), ByteBuffer.allocate(64 * MIB));
  }

  static ByteBuffer of(Compression codec) {
    return switch (codec.name()) {
      case "zstd" -> zstd(32 << 10);
      case "gzip" -> Gzip.BOMB;
      case "lz4" -> lz4(codec);
      case "snappy" -> snappy();
      default -> throw new IllegalArgumentException(codec.name());
    };
  }

  /** So many blocks of 128 KiB of zeros, each in four bytes. */
  static ByteBuffer zstd(int blocks) {
    ByteBuffer frame = CodecFormatTest.zstdFrame(6 + 4 * blocks);
    frame.put((byte) 0).put((byte) (7 << 3)); // a window of 128 KiB, no size of the content
    for (int i = 0; i < blocks; i++) {
      int last = i == blocks - 1 ? 1 : 0;
      int header = 128 << 10 << 3 | 1 << 1 | last; // run-length block
      frame.put((byte) header).put((byte) (header >> 8)).put((byte) (header >> 16)).put((byte) 0);
    }
    return frame.flip();
  }

  /** 60 blocks of 4 MiB of zeros, in a frame that says nothing of a size. */
  private static ByteBuffer lz4(Compression codec) {
    ByteBuffer one = compressed(codec, ByteBuffer.allocate(4 * MIB));
    ByteBuffer block =
        one.slice(Lz4Frame.HEADER_SIZE, one.remaining() - Lz4Frame.HEADER_SIZE - Lz4Frame.END_SIZE);
    ByteBuffer frame = ByteBuffer.allocate(7 + 60 * block.remaining() + Lz4Frame.END_SIZE);
    frame.order(ByteOrder.LITTLE_ENDIAN).putInt(Lz4Frame.MAGIC);
    frame.put((byte) 0b0110_0000).put((byte) 0x70).put((byte) 0x73);
    for (int i = 0; i < 60; i++) {
      frame.put(block.duplicate());
    }
    return frame.putInt(0).flip();
  }

  /** Copies of 64 bytes in three, up to the largest size there is. */
  private static ByteBuffer snappy() {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.writeBytes(new byte[] {-1, -1, -1, -1, 15}); // 2^32 - 1
    block.writeBytes(new byte[] {0, 0}); // a literal of one zero
    while (block.size() < MIB - 3) {
      block.writeBytes(new byte[] {(byte) (63 << 2 | 2), 1, 0});
    }
    return ByteBuffer.wrap(block.toByteArray());
  }
}
