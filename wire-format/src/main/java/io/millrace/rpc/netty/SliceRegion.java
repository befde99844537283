package io.millrace.rpc.netty;

import io.millrace.rpc.FileSlice;
import io.netty.channel.FileRegion;
import io.netty.util.AbstractReferenceCounted;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;

/**
 * A file slice on its way out. Unlike Netty's own region it leaves the file open: many readers
 * share a segment's channel.
 */
final class SliceRegion extends AbstractReferenceCounted implements FileRegion {
  private final FileSlice slice;
  private long transferred;

  SliceRegion(FileSlice slice) {
    this.slice = slice;
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
    long left = slice.size() - position;
    if (left == 0) {
      return 0;
    }
    long moved = slice.transferTo(position, target);
    if (moved < 0) {
      throw new EOFException("the file ended " + left + " bytes before the slice did");
    }
    transferred += moved;
    return moved;
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
