package io.millrace.rpc.netty;

import io.millrace.rpc.FileSlice;
import io.millrace.rpc.Payload;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.FileRegion;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;

/** Turns a head and its parts into what a channel takes without further ado. */
final class Outbound {
  private Outbound() {}

  /**
   * Heap buffers are copied into pooled memory, as the channel itself would do, but where a failure
   * is seen; direct ones go out in place, file slices as regions.
   *
   * @throws OutOfMemoryError when the pool is exhausted; the parts have been released then
   */
  static Object[] messages(Channel channel, NettyLoop loop, ByteBuffer head, List<Payload> parts) {
    ByteBufAllocator pool = channel.alloc();
    Object[] messages = new Object[1 + parts.size()];
    int made = 0;
    try {
      messages[made++] = buffer(pool, head);
      for (int i = 0; i < parts.size(); i++) {
        messages[made] =
            parts.get(i) instanceof Payload.Bytes bytes
                ? buffer(pool, bytes.buffer())
                : region(channel, loop, ((Payload.Slice) parts.get(i)).slice());
        made++;
      }
      return messages;
    } catch (Throwable e) {
      for (Object message : messages) {
        ReferenceCountUtil.release(message);
      }
      Payload.release(parts.subList(made - 1, parts.size()));
      throw e;
    }
  }

  private static FileRegion region(Channel channel, NettyLoop loop, FileSlice slice) {
    FileChannel file = slice.file();
    return file != null && channel instanceof EpollSocketChannel
        ? new KernelRegion(slice, file)
        : new SliceRegion(slice, loop);
  }

  private static ByteBuf buffer(ByteBufAllocator pool, ByteBuffer bytes) {
    if (bytes.isDirect()) {
      return Unpooled.wrappedBuffer(bytes);
    }
    return pool.directBuffer(bytes.remaining()).writeBytes(bytes.duplicate());
  }
}
