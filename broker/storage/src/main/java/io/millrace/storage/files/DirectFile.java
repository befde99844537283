package io.millrace.storage.files;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file that is read from the disk, past the page cache. One thread at a time. Where the file
 * system cannot do that, or stops to, it is read as any other.
 */
final class DirectFile implements DiskFile {
  private static final int BUFFER_BYTES = 1 << 18;

  private final DiskFile usual;
  private final int blockBytes;
  private final ByteBuffer buffer;
  private @Nullable FileChannel direct;

  private DirectFile(DiskFile usual, FileChannel direct, int blockBytes) {
    this.usual = usual;
    this.direct = direct;
    this.blockBytes = blockBytes;
    this.buffer = ByteBuffer.allocateDirect(BUFFER_BYTES + blockBytes).alignedSlice(blockBytes);
  }

  /**
   * @param usual the same file; closed with what is returned
   */
  static DiskFile open(Path path, DiskFile usual) throws IOException {
    try {
      int blockBytes = Math.toIntExact(Files.getFileStore(path).getBlockSize());
      FileChannel channel =
          FileChannel.open(
              path,
              Set.of(
                  StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS, ExtendedOpenOption.DIRECT));
      return new DirectFile(usual, channel, blockBytes);
    } catch (IOException | UnsupportedOperationException | ArithmeticException e) {
      return usual; // tmpfs, for one, has nothing but memory
    }
  }

  @Override
  public Path path() {
    return usual.path();
  }

  @Override
  public long size() throws IOException {
    return usual.size();
  }

  @Override
  public int read(long position, ByteBuffer into) throws IOException {
    int before = into.position();
    FileChannel channel = direct;
    if (channel != null) {
      try {
        readDirectly(channel, position, into);
        return into.position() - before;
      } catch (IOException e) {
        // What is wrong with the disk shows again below; what is wrong with this way does not.
        direct = null;
        channel.close();
        into.position(before);
      }
    }
    return usual.read(position, into);
  }

  private void readDirectly(FileChannel channel, long position, ByteBuffer into)
      throws IOException {
    long at = position;
    while (into.hasRemaining()) {
      int skip = (int) (at % blockBytes);
      long wanted = (long) skip + into.remaining();
      long blocks = (wanted + blockBytes - 1) / blockBytes * blockBytes;
      int room = buffer.capacity() / blockBytes * blockBytes;
      buffer.clear().limit((int) Math.min(room, blocks));
      int got = channel.read(buffer, at - skip);
      if (got <= skip) {
        return; // the end of the file
      }
      int taken = Math.min(got - skip, into.remaining());
      into.put(buffer.slice(skip, taken));
      at += taken;
    }
  }

  @Override
  public void close() throws IOException {
    try (usual) {
      FileChannel channel = direct;
      direct = null;
      if (channel != null) {
        channel.close();
      }
    }
  }

  @Override
  public void write(long position, ByteBuffer... buffers) {
    throw onlyRead();
  }

  @Override
  public long transferTo(long position, long count, WritableByteChannel target) {
    throw onlyRead();
  }

  @Override
  public void truncate(long sizeBytes) {
    throw onlyRead();
  }

  @Override
  public void force() {
    throw onlyRead();
  }

  private UnsupportedOperationException onlyRead() {
    return new UnsupportedOperationException(path() + " is only read here");
  }
}
