package io.millrace.rpc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/** A range of a file that can go to a socket without passing through this process's memory. */
public interface FileSlice {
  /** Bytes in the slice, never negative. */
  long size();

  /**
   * Moves bytes from {@code position} within the slice to the target.
   *
   * @return how many; 0 only when the target takes no more now, never because the file has ended:
   *     the sender would try for ever
   * @throws IOException also when the file has become shorter than the slice
   */
  long transferTo(long position, WritableByteChannel target) throws IOException;

  /** Fills the buffer from {@code position} within the slice, for targets that are not channels. */
  void read(long position, ByteBuffer into) throws IOException;

  /**
   * The open file behind the slice, so that the kernel can move the bytes where a transport knows
   * how to ask it; null: there is none, or whoever made the slice wants to see every read.
   */
  default @Nullable FileChannel file() {
    return null;
  }

  /** Where the slice starts in {@link #file}. */
  default long filePosition() {
    return 0;
  }

  /** Exactly once, after the last use. */
  void release();
}
