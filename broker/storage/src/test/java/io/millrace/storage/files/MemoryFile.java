package io.millrace.storage.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;

/** A handle of a file on a {@link MemoryDisk}; dies with the process that opened it. */
final class MemoryFile implements DiskFile {
  private final MemoryDisk disk;
  private final Path path;
  private final MemoryInode inode;
  private final int life;
  private final boolean writable;
  private volatile boolean closed;

  MemoryFile(MemoryDisk disk, Path path, MemoryInode inode, int life, boolean writable) {
    this.disk = disk;
    this.path = path;
    this.inode = inode;
    this.life = life;
    this.writable = writable;
  }

  void mustBeUsable(int lifeNow) throws IOException {
    if (closed || life != lifeNow) {
      throw new ClosedChannelException();
    }
  }

  private void mustBeWritable() {
    if (!writable) {
      throw new NonWritableChannelException();
    }
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public long size() throws IOException {
    return disk.size(this, inode);
  }

  @Override
  public void write(long position, ByteBuffer... buffers) throws IOException {
    mustBeWritable();
    int size = 0;
    for (ByteBuffer buffer : buffers) {
      size += buffer.remaining();
    }
    ByteBuffer all = ByteBuffer.allocate(size);
    for (ByteBuffer buffer : buffers) {
      all.put(buffer);
    }
    disk.write(this, inode, position, all.array());
  }

  @Override
  public int read(long position, ByteBuffer into) throws IOException {
    byte[] bytes = new byte[into.remaining()];
    int length = disk.read(this, inode, position, bytes);
    into.put(bytes, 0, length);
    return length;
  }

  @Override
  public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
    byte[] bytes = new byte[(int) Math.min(count, 1 << 16)];
    int length = disk.read(this, inode, position, bytes);
    return length == 0 ? 0 : target.write(ByteBuffer.wrap(bytes, 0, length));
  }

  @Override
  public void truncate(long sizeBytes) throws IOException {
    mustBeWritable();
    disk.truncate(this, inode, sizeBytes);
  }

  @Override
  public void force() throws IOException {
    disk.force(this, inode);
  }

  @Override
  public void close() {
    closed = true;
  }
}
