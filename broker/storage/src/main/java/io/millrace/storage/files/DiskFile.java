package io.millrace.storage.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * An open file.
 *
 * <p>One thread writes and truncates; any thread reads, transfers, forces and closes meanwhile. A
 * thread's interrupt status survives every call, and never closes the file for others.
 */
public interface DiskFile extends AutoCloseable {
  /** As it was opened; the file may have another name by now, or none. */
  Path path();

  long size() throws IOException;

  /**
   * Writes all that remains in the buffers, one behind the other, from {@code position} on.
   *
   * @throws DiskFullException when there is no room
   * @throws IOException in either case any part of it may have been written, and the buffers may
   *     have moved
   */
  void write(long position, ByteBuffer... buffers) throws IOException;

  /**
   * Reads until the buffer is full or the file ends.
   *
   * @return bytes read, 0 at the end of the file
   */
  int read(long position, ByteBuffer into) throws IOException;

  /**
   * Moves bytes to the target, without passing through this process's memory where that can be.
   *
   * @return how many; 0 when the target takes no more now or the file ends before {@code position}
   * @throws IOException after an interrupt during the call it is unknown how much the target got
   */
  long transferTo(long position, long count, WritableByteChannel target) throws IOException;

  /**
   * The file for the kernel's own use ({@code sendfile}), so that no call of Java's is ever made on
   * it: an interrupt could close it, and its number be another file's a moment later. Open as long
   * as this handle; null where there is no such thing.
   */
  default @Nullable FileChannel kernelChannel() throws IOException {
    return null;
  }

  /** Cuts the file, which must be at least so long. */
  void truncate(long sizeBytes) throws IOException;

  /**
   * Makes everything durable that was written before the call, and the size with it. May run while
   * another thread writes.
   *
   * @throws ForceFailedException never try again, stop using the directory
   */
  void force() throws IOException;

  /** The second call does nothing. */
  @Override
  void close() throws IOException;
}
