package io.millrace.rpc.netty;

import io.millrace.rpc.FileSlice;
import io.netty.channel.DefaultFileRegion;
import java.nio.channels.FileChannel;

/**
 * A file slice that epoll's {@code sendfile} moves. Gives the slice back and leaves the file open.
 */
final class KernelRegion extends DefaultFileRegion {
  private final FileSlice slice;

  KernelRegion(FileSlice slice, FileChannel file) {
    super(file, slice.filePosition(), slice.size());
    this.slice = slice;
  }

  /** Netty's own would close the file, which many readers share. */
  @Override
  protected void deallocate() {
    slice.release();
  }
}
