package io.millrace.rpc.netty;

import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Link;
import io.millrace.rpc.LinkHandler;
import io.millrace.rpc.Payload;
import io.millrace.rpc.ReceivedBytes;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One channel, as the end of its pipeline. Everything happens on its loop. */
final class NettyLink extends ChannelInboundHandlerAdapter implements Link {
  private static final Logger log = LoggerFactory.getLogger(NettyLink.class);

  /** Shown until the channel is connected, and when it was cut before it could be asked. */
  private static final Endpoint UNKNOWN = new Endpoint("unknown", 0);

  private final Channel channel;
  private final NettyLoop loop;
  private final Function<Link, LinkHandler> opened;

  private @Nullable LinkHandler handler;
  private Endpoint remote = UNKNOWN;
  private @Nullable Throwable closeCause;

  /** Nothing goes up or down any more; {@code onClosed} may still be on its way. */
  private boolean closed;

  private long pendingBytes;
  private boolean aboveHighMark;
  private boolean waitsForFlush;

  /**
   * @param opened called once, when the channel is connected
   */
  NettyLink(Channel channel, NettyLoop loop, Function<Link, LinkHandler> opened) {
    this.channel = channel;
    this.loop = loop;
    this.opened = opened;
  }

  // ---- From above ------------------------------------------------------------------------------

  @Override
  public EventLoop loop() {
    return loop;
  }

  @Override
  public Endpoint remote() {
    return remote;
  }

  @Override
  public void write(ByteBuffer head, List<Payload> parts, WriteDone whenGone) {
    loop.assertInLoop();
    if (closed) {
      Payload.release(parts);
      whenGone.done(false);
      return;
    }
    long size = head.remaining() + Payload.sizeOf(parts);
    // All that can fail happens here, before the first part is enqueued: half a message on the
    // stream would make nonsense of everything behind it.
    Object[] messages;
    try {
      messages = Outbound.messages(channel, loop, head, parts);
    } catch (OutOfMemoryError e) {
      failed(e);
      whenGone.done(false);
      return;
    }
    pendingBytes += size;
    aboveHighMark |= pendingBytes > HIGH_MARK_BYTES;
    // The channel finishes its writes in order, so the last one stands for all.
    int last = messages.length - 1;
    for (int i = 0; i < last; i++) {
      var unused = channel.write(messages[i], channel.voidPromise());
    }
    PendingWrite pending = new PendingWrite(size, whenGone);
    var unused = channel.write(messages[last], channel.newPromise().addListener(pending));
    if (!waitsForFlush) {
      waitsForFlush = true;
      loop.flushLater(this);
    }
  }

  /** Only by the loop, for a link that asked for it. */
  void flush() {
    waitsForFlush = false;
    channel.flush();
  }

  /**
   * Exact where a write has ended; within a write from what the channel holds, which counts some
   * 100 bytes more for each part.
   */
  @Override
  public long pendingBytes() {
    ChannelOutboundBuffer held = channel.unsafe().outboundBuffer();
    if (held == null || pendingBytes == 0) {
      return pendingBytes;
    }
    long unsent = held.totalPendingWriteBytes() - held.currentProgress();
    return Math.max(0, Math.min(pendingBytes, unsent));
  }

  @Override
  public boolean isWritable() {
    return !aboveHighMark;
  }

  @Override
  public ReceivedBytes newBuffer(int size) {
    ByteBuf buf = channel.alloc().directBuffer(size, size);
    return new NettyBytes(buf, 0, size);
  }

  @Override
  public void setReading(boolean reading) {
    loop.assertInLoop();
    channel.config().setAutoRead(reading);
  }

  @Override
  public void close() {
    loop.assertInLoop();
    closed = true;
    var unused = channel.close();
  }

  // ---- From the channel ------------------------------------------------------------------------

  @Override
  public void channelActive(ChannelHandlerContext context) {
    remote = Addresses.endpoint(channel.remoteAddress(), UNKNOWN);
    handler = opened.apply(this);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf buf = (ByteBuf) message;
    LinkHandler current = handler;
    if (current == null || closed) {
      buf.release();
    } else {
      current.onBytes(new NettyBytes(buf, buf.readerIndex(), buf.readableBytes()));
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    LinkHandler current = handler;
    if (current != null && !closed) {
      current.onReadEnd();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    closed = true;
    LinkHandler current = handler;
    if (current != null) {
      handler = null;
      current.onClosed(closeCause);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!(cause instanceof IOException)) {
      log.error("closing the link with {}: a callback threw", remote, cause);
    }
    failed(cause);
  }

  /** The first cause is what the user hears. */
  private void failed(Throwable cause) {
    // Closing fails what is still queued, which is no cause of anything.
    if (closeCause == null && !(cause instanceof ClosedChannelException)) {
      closeCause = cause;
    }
    close();
  }

  /** From enqueueing to the last byte taken by the kernel, or the channel's end. */
  private final class PendingWrite implements ChannelFutureListener {
    private final long size;
    private final WriteDone whenGone;

    PendingWrite(long size, WriteDone whenGone) {
      this.size = size;
      this.whenGone = whenGone;
    }

    @Override
    public void operationComplete(ChannelFuture future) {
      pendingBytes -= size;
      Throwable cause = future.cause();
      if (cause != null) {
        failed(cause);
      }
      whenGone.done(future.isSuccess());
      if (aboveHighMark && pendingBytes < LOW_MARK_BYTES) {
        aboveHighMark = false;
        LinkHandler current = handler;
        if (current != null && !closed) {
          current.onWritable();
        }
      }
    }
  }
}
