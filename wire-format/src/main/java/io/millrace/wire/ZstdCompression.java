package io.millrace.wire;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Zstandard (RFC 8878): one frame for the records of a batch. */
public final class ZstdCompression implements Compression {
  private static final int LEVEL = 3;

  /**
   * A frame names the memory its decoder needs. RFC 8878 asks every decoder for 8 MiB; more is
   * refused before it is allocated, as no batch needs it.
   */
  private static final int MAX_WINDOW_LOG = 23;

  // One context of each kind waits here for the next batch: to make one takes longer than to
  // compress a small batch. Threads that meet make their own.
  private final AtomicReference<@Nullable ZstdCompressCtx> compressor = new AtomicReference<>();
  private final AtomicReference<@Nullable ZstdDecompressCtx> decompressor = new AtomicReference<>();

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
    ZstdCompressCtx context = compressor.getAndSet(null);
    if (context == null) {
      context = new ZstdCompressCtx().setLevel(LEVEL);
    }
    boolean ended = false;
    try {
      context.setPledgedSrcSize(from.remaining());
      ended = context.compressByteBufferStream(target, from, EndDirective.END);
      return ended;
    } finally {
      giveBack(compressor, context, ended);
    }
  }

  /** A context in the middle of a frame is of no use any more. */
  private static <C extends Closeable> void giveBack(
      AtomicReference<@Nullable C> place, C context, boolean ended) {
    if (!ended || !place.compareAndSet(null, context)) {
      try {
        context.close();
      } catch (IOException e) {
        throw new UncheckedIOException("freeing native memory cannot fail", e);
      }
    }
  }

  @Override
  public Decompression decompress(ByteBuffer source) {
    ByteBuffer from = readable(source);
    ZstdDecompressCtx context = decompressor.getAndSet(null);
    return new Frame(
        context == null ? new ZstdDecompressCtx().setLongMax(MAX_WINDOW_LOG) : context, from);
  }

  /** The library cannot reach into a read-only heap buffer. */
  private static ByteBuffer readable(ByteBuffer source) {
    if (source.isDirect() || source.hasArray()) {
      return source.duplicate();
    }
    return ByteBuffer.allocate(source.remaining()).put(source.duplicate()).flip();
  }

  private final class Frame implements Decompression {
    private final ZstdDecompressCtx context;
    private final ByteBuffer source;
    private boolean ended;

    Frame(ZstdDecompressCtx context, ByteBuffer source) {
      this.context = context;
      this.source = source;
    }

    @Override
    public boolean into(ByteBuffer target) {
      try {
        ended = context.decompressByteBufferStream(target, source);
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
      giveBack(decompressor, context, ended);
    }
  }
}
