package io.millrace.wire;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.nio.ByteBuffer;

/** Zstandard (RFC 8878): one frame for the records of a batch. */
public final class ZstdCompression implements Compression {
  private static final int LEVEL = 3;

  /**
   * A frame names the memory its decoder needs. RFC 8878 asks every decoder for 8 MiB; more is
   * refused before it is allocated, as no batch needs it.
   */
  private static final int MAX_WINDOW_LOG = 23;

  @Override
  public int id() {
    return 4;
  }

  @Override
  public String name() {
    return "zstd";
  }

  @Override
  public boolean compress(ByteBuffer source, ByteBuffer target) {
    ByteBuffer from = readable(source);
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      context.setLevel(LEVEL);
      context.setPledgedSrcSize(from.remaining());
      return context.compressByteBufferStream(target, from, EndDirective.END);
    }
  }

  @Override
  public Decompression decompress(ByteBuffer source) {
    return new Frame(readable(source));
  }

  /** The library cannot reach into a read-only heap buffer. */
  private static ByteBuffer readable(ByteBuffer source) {
    if (source.isDirect() || source.hasArray()) {
      return source.duplicate();
    }
    return ByteBuffer.allocate(source.remaining()).put(source.duplicate()).flip();
  }

  private static final class Frame implements Decompression {
    private final ZstdDecompressCtx context = new ZstdDecompressCtx();
    private final ByteBuffer source;

    Frame(ByteBuffer source) {
      this.source = source;
      context.setLongMax(MAX_WINDOW_LOG);
    }

    @Override
    public boolean into(ByteBuffer target) {
      try {
        boolean ended = context.decompressByteBufferStream(target, source);
        if (ended && source.hasRemaining()) {
          throw new CorruptBatchException(
              source.remaining() + " bytes follow the zstd frame of the records");
        }
        if (!ended && target.hasRemaining()) {
          throw new CorruptBatchException("the zstd frame of the records is cut off");
        }
        return ended;
      } catch (ZstdException e) {
        throw new CorruptBatchException("the records are not what zstd wrote: " + e.getMessage());
      }
    }

    @Override
    public void close() {
      context.close();
    }
  }
}
