package io.millrace.wire;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import com.github.luben.zstd.util.Native;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Zstandard (RFC 8878): one frame for the records of a batch. */
public final class ZstdCompression implements Compression {
  private static final String LIBRARY = "com.github.luben:zstd-jni";

  @Override
  public int id() {
    return 4;
  }

  @Override
  public String name() {
    return "zstd";
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

  /**
   * All that touches the library. Apart, as the JVM looks for the classes that code names when it
   * verifies the class around it, long before that code runs.
   */
  private static final class Library {
    private static final int LEVEL = 3;

    /**
     * A frame names the memory its decoder needs. RFC 8878 asks every decoder for 8 MiB; more is
     * refused before it is allocated, as no batch needs it.
     */
    private static final int MAX_WINDOW_LOG = 23;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private static final Spares<ZstdCompressCtx> COMPRESSORS =
        new Spares<>(() -> new ZstdCompressCtx().setLevel(LEVEL), context -> context.close());
    private static final Spares<Frame> FRAMES =
        new Spares<>(Frame::new, frame -> frame.context.close());

    private Library() {}

    static void load() {
      Native.load();
    }

    static boolean compress(ByteBuffer source, ByteBuffer target) {
      ByteBuffer from = Compressions.readable(source);
      ZstdCompressCtx context = COMPRESSORS.take();
      boolean ended = false;
      try {
        context.setPledgedSrcSize(from.remaining());
        ended = context.compressByteBufferStream(target, from, EndDirective.END);
        return ended;
      } finally {
        // A context in the middle of a frame is of no use any more.
        if (ended) {
          COMPRESSORS.giveBack(context);
        } else {
          COMPRESSORS.drop(context);
        }
      }
    }

    static Decompression decompress(ByteBuffer source) {
      return FRAMES.take().over(Compressions.readable(source));
    }

    private static final class Frame implements Decompression {
      private final ZstdDecompressCtx context = new ZstdDecompressCtx().setLongMax(MAX_WINDOW_LOG);
      private ByteBuffer source = NOTHING;
      private boolean ended;

      Frame over(ByteBuffer frame) {
        source = frame;
        ended = false;
        return this;
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
        source = NOTHING;
        if (ended) {
          FRAMES.giveBack(this);
        } else {
          FRAMES.drop(this);
        }
      }
    }
  }
}
