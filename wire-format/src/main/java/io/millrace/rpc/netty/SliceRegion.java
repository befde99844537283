package io.millrace.rpc.netty;

import io.millrace.rpc.FileSlice;
import io.netty.channel.FileRegion;
import io.netty.util.AbstractReferenceCounted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;

/**
 * A file slice on its way out, where the kernel is not asked to move it. Unlike Netty's own region
 * it leaves the file open: many readers share a segment's channel.
 */
final class SliceRegion extends AbstractReferenceCounted implements FileRegion {
  private final FileSlice slice;
  private final NettyLoop loop;
  private long transferred;

  SliceRegion(FileSlice slice, NettyLoop loop) {
    this.slice = slice;
    this.loop = loop;
  }

  @Override
  public long position() {
    return 0;
  }

  @Override
  @Deprecated
  public long transfered() {
    return transferred;
  }

  @Override
  public long transferred() {
    return transferred;
  }

  @Override
  public long count() {
    return slice.size();
  }

  @Override
  public long transferTo(WritableByteChannel target, long position) throws IOException {
    if (position == slice.size()) {
      return 0;
    }
    long moved =
        target instanceof SocketChannel
            ? slice.transferTo(position, target)
            : copy(position, target);
    transferred += moved;
    return moved;
  }

  /**
   * Towards a channel of Netty's own, which the JDK does not know: it would go there in pieces of 8
   * KiB. What the socket does not take is read again the next time.
   */
  private long copy(long position, WritableByteChannel target) throws IOException {
    ByteBuffer buffer = loop.copyBuffer();
    buffer.limit((int) Math.min(buffer.capacity(), slice.size() - position));
    slice.read(position, buffer);
    return target.write(buffer.flip());
  }

  @Override
  protected void deallocate() {
    slice.release();
  }

  @Override
  public FileRegion retain() {
    super.retain();
    return this;
  }

  @Override
  public FileRegion retain(int increment) {
    super.retain(increment);
    return this;
  }

  @Override
  public FileRegion touch() {
    return this;
  }

  @Override
  public FileRegion touch(Object hint) {
    return this;
  }
}
