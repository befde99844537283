package io.millrace.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.xerial.snappy.Snappy;

/**
 * Snappy, the raw block format: without a checksum of its own, which a batch has anyway.
 *
 * <p>Compressing is the native library's. Decompressing is our own: the library needs the memory
 * that a block claims before it has looked at it. So who only reads needs no library.
 */
public final class SnappyCompression implements Compression {
  private static final String LIBRARY = "org.xerial.snappy:snappy-java";

  /** Memory that a context keeps; what a larger batch needs is made for it alone. */
  private static final int LARGEST_KEPT = 4 << 20;

  private final Spares<Writer> writers = new Spares<>(Writer::new, writer -> {});
  private final Spares<SnappyBlock> blocks = new Spares<>(this::newBlock, block -> {});

  @Override
  public int id() {
    return 2;
  }

  @Override
  public String name() {
    return "snappy";
  }

  @Override
  public @Nullable String whyCannotCompress() {
    return Compressions.firstUse(LIBRARY, Writer::load);
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
    return blocks.take().over(source.duplicate());
  }

  private SnappyBlock newBlock() {
    return new SnappyBlock(this::giveBack);
  }

  private void giveBack(SnappyBlock block) {
    blocks.giveBack(block);
  }

  /** All that touches the library; see {@link ZstdCompression}. */
  private static final class Writer {
    static void load() {
      Snappy.getNativeLibraryVersion();
    }

    private byte[] plain = new byte[0];
    private byte[] compressed = new byte[0];

    boolean write(ByteBuffer source, ByteBuffer target) {
      int size = source.remaining();
      byte[] from;
      int fromPosition;
      if (source.hasArray()) {
        from = source.array();
        fromPosition = source.arrayOffset() + source.position();
      } else {
        plain = atLeast(plain, size);
        source.get(source.position(), plain, 0, size);
        from = plain;
        fromPosition = 0;
      }
      // The library writes without looking how much room there is.
      compressed = atLeast(compressed, Snappy.maxCompressedLength(size));
      int compressedSize;
      try {
        compressedSize = Snappy.compress(from, fromPosition, size, compressed, 0);
      } catch (IOException e) {
        throw new UncheckedIOException("from memory to memory nothing can fail", e);
      }
      boolean fits = compressedSize <= target.remaining();
      if (fits) {
        target.put(compressed, 0, compressedSize);
      }
      plain = plain.length > LARGEST_KEPT ? new byte[0] : plain;
      compressed = compressed.length > LARGEST_KEPT ? new byte[0] : compressed;
      return fits;
    }

    private static byte[] atLeast(byte[] kept, int size) {
      return kept.length >= size
          ? kept
          : new byte[Math.max(size, Math.min(2 * kept.length, LARGEST_KEPT))];
    }
  }
}
