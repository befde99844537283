package io.millrace.rpc.netty;

import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Link;
import io.millrace.rpc.LinkHandler;
import io.millrace.rpc.Timer;
import io.millrace.rpc.Transport.ConnectHandler;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.RecvByteBufAllocator;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One try to open a link: look the name up, connect, or give up when the time is over. On its loop,
 * but for the lookup.
 */
final class ConnectAttempt {
  private final Endpoint to;
  private final NettyLoop loop;
  private final OpenChannels open;
  private final ConnectHandler handler;
  private final Bootstrap bootstrap;

  private @Nullable Channel channel;
  private @Nullable Timer timer;
  private boolean decided;

  ConnectAttempt(
      Endpoint to,
      NettyLoop loop,
      SocketKind sockets,
      ByteBufAllocator pool,
      RecvByteBufAllocator reads,
      OpenChannels open,
      ConnectHandler handler) {
    this.to = to;
    this.loop = loop;
    this.open = open;
    this.handler = handler;
    bootstrap =
        new Bootstrap()
            .group(loop.netty)
            .channel(sockets.channel())
            .disableResolver()
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_KEEPALIVE, true)
            // The timer here covers the lookup too.
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
            .option(ChannelOption.ALLOCATOR, pool)
            .option(ChannelOption.RECVBUF_ALLOCATOR, reads)
            .option(ChannelOption.MESSAGE_SIZE_ESTIMATOR, PartSize.ESTIMATOR);
  }

  void start(long timeoutNanos, EventLoop resolver) {
    timer = loop.schedule(timeoutNanos, () -> timedOut(timeoutNanos));
    if (Addresses.isNumeric(to.host())) {
      resolve();
    } else {
      resolver.execute(this::resolve);
    }
  }

  private void resolve() {
    try {
      InetSocketAddress address = Addresses.resolve(to);
      loop.execute(() -> open(address));
    } catch (UnknownHostException e) {
      loop.execute(() -> fail("the name " + to.host() + " cannot be resolved", e));
    }
  }

  private void open(InetSocketAddress address) {
    if (decided) {
      return;
    }
    bootstrap.handler(
        new ChannelInitializer<Channel>() {
          @Override
          protected void initChannel(Channel created) {
            created
                .pipeline()
                .addLast(new NettyLink(created, loop, ConnectAttempt.this::connected));
            open.add(created);
          }
        });
    ChannelFuture connecting = bootstrap.connect(address);
    channel = connecting.channel();
    var unused =
        connecting.addListener(
            done -> {
              if (done.cause() != null) {
                fail(reason(done.cause()), done.cause());
              }
            });
  }

  /** Asked by the link as soon as it is connected, before it reads anything. */
  private LinkHandler connected(Link link) {
    if (decided) {
      throw new IllegalStateException("connected to " + to + " after the attempt had ended");
    }
    decide();
    return handler.connected(link);
  }

  private void timedOut(long timeoutNanos) {
    long millis = Duration.ofNanos(timeoutNanos).toMillis();
    fail("no connection within " + millis + " ms", null);
  }

  private void fail(String why, @Nullable Throwable cause) {
    if (decided) {
      return;
    }
    decide();
    if (channel != null) {
      var unused = channel.close();
    }
    IOException failure = new ConnectException("cannot connect to " + to + ": " + why);
    if (cause != null) {
      failure.initCause(cause);
    }
    handler.failed(failure);
  }

  private void decide() {
    decided = true;
    if (timer != null) {
      timer.cancel();
    }
  }

  /** Netty puts the address behind the system's words; it is in front already. */
  private static String reason(Throwable cause) {
    if (cause instanceof ClosedChannelException) {
      return "the transport was closed meanwhile";
    }
    String words = String.valueOf(cause.getMessage());
    return words.contains("refused") ? "connection refused; nothing listens there" : words;
  }
}
