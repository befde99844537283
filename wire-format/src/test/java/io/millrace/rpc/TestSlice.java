package io.millrace.rpc;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A range of a real file that counts how often it is given back. */
final class TestSlice implements FileSlice {
  private final FileChannel file;
  private final long start;
  private final long size;
  private final boolean showsFile;
  final AtomicInteger releases = new AtomicInteger();

  TestSlice(FileChannel file, long start, long size) {
    this(file, start, size, false);
  }

  /**
   * @param showsFile whether the transport may have the kernel move the bytes
   */
  TestSlice(FileChannel file, long start, long size, boolean showsFile) {
    this.showsFile = showsFile;
    this.file = file;
    this.start = start;
    this.size = size;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public long transferTo(long position, WritableByteChannel target) throws IOException {
    long moved = file.transferTo(start + position, size - position, target);
    if (moved == 0 && file.size() < start + size) {
      throw new EOFException("the file has become shorter than the slice");
    }
    return moved;
  }

  @Override
  public void read(long position, ByteBuffer into) throws IOException {
    long at = start + position;
    while (into.hasRemaining()) {
      int count = file.read(into, at);
      if (count < 0) {
        throw new IOException("the file ended at " + at);
      }
      at += count;
    }
  }

  @Override
  public @Nullable FileChannel file() {
    return showsFile ? file : null;
  }

  @Override
  public long filePosition() {
    return start;
  }

  @Override
  public void release() {
    releases.incrementAndGet();
  }
}
