package io.millrace.storage.log;

import io.millrace.storage.files.DiskSlice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.function.Consumer;

/**
 * A range of whole batches in a segment file, on its way out. Keeps the file open, whatever becomes
 * of the segment. One thread at a time.
 */
final class SegmentSlice extends DiskSlice {
  private final SegmentFile file;
  private final int start;
  private final int size;
  private final Consumer<IOException> onDamage;
  private boolean released;

  /**
   * @param file retained for this slice
   * @param onDamage hears, on the thread that moves the bytes, when the file cannot be read
   */
  SegmentSlice(SegmentFile file, int start, int size, Consumer<IOException> onDamage) {
    super(file.file(), start);
    this.file = file;
    this.start = start;
    this.size = size;
    this.onDamage = onDamage;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public long transferTo(long position, WritableByteChannel target) throws IOException {
    checkRange(position, 0);
    if (position == size) {
      return 0;
    }
    long moved;
    try {
      moved = file.file().transferTo(start + position, size - position, target);
    } catch (IOException e) {
      // The socket's fault or the disk's? Reading one byte tells.
      read(position, ByteBuffer.allocate(1));
      throw e;
    }
    if (moved == 0 && file.file().size() < start + (long) size) {
      throw shortened();
    }
    return moved;
  }

  @Override
  public void read(long position, ByteBuffer into) throws IOException {
    checkRange(position, into.remaining());
    int wanted = into.remaining();
    int got;
    try {
      got = file.file().read(start + position, into);
    } catch (IOException e) {
      onDamage.accept(e);
      throw e;
    }
    if (got < wanted) {
      throw shortened();
    }
  }

  private IOException shortened() {
    IOException shortened =
        new CorruptLogException(
            file.file().path()
                + " has become shorter than the "
                + (start + size)
                + " bytes it had");
    onDamage.accept(shortened);
    return shortened;
  }

  private void checkRange(long position, int length) {
    if (released) {
      throw new IllegalStateException("the slice has been released");
    }
    if (position < 0 || position + length > size) {
      throw new IndexOutOfBoundsException(
          position + " to " + (position + length) + " of " + size + " bytes");
    }
  }

  @Override
  public void release() {
    if (released) {
      throw new IllegalStateException("the slice has been released before");
    }
    released = true;
    file.release();
  }
}
