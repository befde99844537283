package io.millrace.rpc.netty;

import io.millrace.rpc.ReceivedBytes;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/** Pooled memory seen through the seam; the count of references is Netty's own. */
final class NettyBytes implements ReceivedBytes {
  private final ByteBuf buf;
  private final ByteBuffer whole;

  /** Takes over the caller's reference; what is readable now, or all of a new buffer, is shown. */
  NettyBytes(ByteBuf buf, int position, int size) {
    this.buf = buf;
    this.whole = buf.nioBuffer(position, size);
  }

  @Override
  public ByteBuffer buffer() {
    return whole.duplicate();
  }

  @Override
  public int size() {
    return whole.remaining();
  }

  @Override
  public ReceivedBytes retain() {
    buf.retain();
    return this;
  }

  @Override
  public void release() {
    buf.release();
  }
}
