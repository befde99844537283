package io.millrace.wire;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One way to compress a batch's records: a plug point. Those that do not come with this module are
 * found as {@link java.util.ServiceLoader} services. Used by several threads at once.
 */
public interface Compression {
  /** As in the batch's attributes; PROTOCOL.md says which is which. */
  int id();

  /** As in settings and on the command line: {@code zstd}. */
  String name();

  /**
   * Asked once before the first batch is compressed; loads what has to be loaded, and so may take a
   * while.
   *
   * @return null when it can be done here, or why not: a jar or a native library is missing
   */
  default @Nullable String whyCannotCompress() {
    return null;
  }

  /** As {@link #whyCannotCompress}, before the first batch is decompressed. */
  default @Nullable String whyCannotDecompress() {
    return null;
  }

  /**
   * Compresses all of the source, whose position and limit stay, into the target, heap or direct,
   * and moves its position.
   *
   * @return false when it does not fit into the target; the target's position means nothing then
   */
  boolean compress(ByteBuffer source, ByteBuffer target);

  /**
   * Begins to decompress all of the source, heap or direct, which is not trusted, and which must
   * stay as it is until the decompression is closed. Its position and limit stay.
   */
  Decompression decompress(ByteBuffer source);

  /**
   * A decompression under way. The reader bounds the memory: it hands out what it has, and sizes
   * that the source claims are not believed.
   */
  interface Decompression extends AutoCloseable {
    /**
     * Goes on until the target is full or the end is reached.
     *
     * @param target right before its position it must still have everything that this decompression
     *     wrote so far: formats refer back to it. So a larger one gets a copy of what was in the
     *     smaller
     * @return true at the end, with every byte of the source used
     * @throws CorruptBatchException when the source is damaged, cut off, goes on behind its end, or
     *     needs far more memory than the target
     */
    boolean into(ByteBuffer target);

    /** Once; nothing of it may be used afterwards. */
    @Override
    void close();
  }
}
