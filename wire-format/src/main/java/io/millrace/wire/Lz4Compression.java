package io.millrace.wire;

import java.nio.ByteBuffer;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;
import org.jspecify.annotations.Nullable;

/**
 * LZ4, the frame format: one frame for the records of a batch, of blocks that do not refer to each
 * other, with the content's size and without checksums, which a batch has anyway.
 *
 * <p>The library's native code is used where it loads, its Java code elsewhere.
 */
public final class Lz4Compression implements Compression {
  private static final String LIBRARY = "at.yawk.lz4:lz4-java";

  @Override
  public int id() {
    return 3;
  }

  @Override
  public String name() {
    return "lz4";
  }

  @Override
  public @Nullable String whyCannotCompress() {
    return Compressions.firstUse(LIBRARY, Library::load);
  }

  @Override
  public @Nullable String whyCannotDecompress() {
    return Compressions.firstUse(LIBRARY, Library::load);
  }

  @Override
  public boolean compress(ByteBuffer source, ByteBuffer target) {
    return Library.compress(source, target);
  }

  @Override
  public Decompression decompress(ByteBuffer source) {
    return Library.decompress(source);
  }

  /** All that touches the library; see {@link ZstdCompression}. */
  private static final class Library {
    private static final Spares<Writer> WRITERS = new Spares<>(Writer::new, writer -> {});
    private static final Spares<Lz4Frame> FRAMES = new Spares<>(Library::newFrame, frame -> {});

    private Library() {}

    static void load() {
      LZ4Factory.fastestInstance();
    }

    static boolean compress(ByteBuffer source, ByteBuffer target) {
      Writer writer = WRITERS.take();
      try {
        return writer.write(Compressions.readable(source), target);
      } finally {
        WRITERS.giveBack(writer);
      }
    }

    static Decompression decompress(ByteBuffer source) {
      return FRAMES.take().over(Compressions.readable(source));
    }

    private static Lz4Frame newFrame() {
      return new Lz4Frame(FRAMES::giveBack);
    }
  }

  private static final class Writer {
    /** Memory kept for the next batch; what a larger block needs is made for it alone. */
    private static final int LARGEST_KEPT = 1 << 20;

    private final LZ4Compressor compressor = LZ4Factory.fastestInstance().fastCompressor();
    private final XXHash32 xxHash32 = XXHashFactory.fastestJavaInstance().hash32();
    private ByteBuffer block = ByteBuffer.allocate(0);

    boolean write(ByteBuffer source, ByteBuffer target) {
      if (target.remaining() < Lz4Frame.HEADER_SIZE + Lz4Frame.END_SIZE) {
        return false;
      }
      int blockCode = Lz4Frame.blockCode(source.remaining());
      putHeader(source.remaining(), blockCode, target);
      int largest = Lz4Frame.blockSize(blockCode);
      // The compressor throws when a block does not fit; so it is given room that always will do.
      int room = compressor.maxCompressedLength(Math.min(largest, source.remaining()));
      ByteBuffer into = block.capacity() >= room ? block : ByteBuffer.allocate(room);
      block = room > LARGEST_KEPT ? block : into;
      int end = source.limit();
      for (int at = source.position(); at < end; at += largest) {
        if (!putBlock(source, at, Math.min(largest, end - at), into, target)) {
          return false;
        }
      }
      if (target.remaining() < Lz4Frame.END_SIZE) {
        return false;
      }
      putInt(target, 0);
      return true;
    }

    private void putHeader(int contentSize, int blockCode, ByteBuffer target) {
      int at = target.position();
      LittleEndian.putInt(target, at, Lz4Frame.MAGIC);
      int descriptor = at + Integer.BYTES;
      target.put(descriptor, (byte) Lz4Frame.FLAGS);
      target.put(descriptor + 1, (byte) (blockCode << Lz4Frame.BLOCK_CODE_SHIFT));
      LittleEndian.putLong(target, descriptor + 2, contentSize);
      int hash = xxHash32.hash(target, descriptor, Lz4Frame.HEADER_SIZE - Integer.BYTES - 1, 0);
      target.put(at + Lz4Frame.HEADER_SIZE - 1, (byte) (hash >>> Byte.SIZE));
      target.position(at + Lz4Frame.HEADER_SIZE);
    }

    private boolean putBlock(
        ByteBuffer source, int at, int size, ByteBuffer into, ByteBuffer target) {
      int compressed = compressor.compress(source, at, size, into, 0, into.capacity());
      boolean smaller = compressed < size;
      int blockSize = smaller ? compressed : size;
      if (target.remaining() < Integer.BYTES + blockSize) {
        return false;
      }
      putInt(target, smaller ? blockSize : blockSize | Lz4Frame.STORED);
      target.put(target.position(), smaller ? into : source, smaller ? 0 : at, blockSize);
      target.position(target.position() + blockSize);
      return true;
    }

    private static void putInt(ByteBuffer target, int value) {
      LittleEndian.putInt(target, target.position(), value);
      target.position(target.position() + Integer.BYTES);
    }
  }
}
