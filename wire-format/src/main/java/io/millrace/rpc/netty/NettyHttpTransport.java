package io.millrace.rpc.netty;

import io.millrace.rpc.Endpoint;
import io.millrace.rpc.HttpTransport;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * HTTP over TCP, on one thread: few connections, short requests, time limits on everything, so that
 * whoever reaches the port can disturb nothing but this.
 */
public final class NettyHttpTransport implements HttpTransport {
  private static final int BACKLOG = 64;

  private final Limits limits;
  private final SocketKind sockets = SocketKind.best();
  private final MultiThreadIoEventLoopGroup group;
  private final OpenChannels all = new OpenChannels();

  /**
   * What a peer may take.
   *
   * @param connections of one listener; more are closed at once
   * @param requestLineBytes of one request
   * @param headerBytes of one request, all headers together
   * @param requestMillis from a connection's opening, or a request's first byte, to its end
   * @param answerMillis the handler's time; after it the answer is 503
   * @param idleMillis between two requests
   */
  record Limits(
      int connections,
      int requestLineBytes,
      int headerBytes,
      long requestMillis,
      long answerMillis,
      long idleMillis) {
    static final Limits DEFAULTS = new Limits(64, 2_048, 8_192, 5_000, 10_000, 120_000);
  }

  /**
   * Starts the thread.
   *
   * @param threadPrefix in front of {@code http}
   */
  public NettyHttpTransport(String threadPrefix) {
    this(threadPrefix, Limits.DEFAULTS);
  }

  NettyHttpTransport(String threadPrefix, Limits limits) {
    this.limits = limits;
    group =
        new MultiThreadIoEventLoopGroup(
            1,
            work -> {
              Thread thread = new FastThreadLocalThread(work, threadPrefix + "http");
              thread.setDaemon(true);
              return thread;
            },
            sockets.handlers());
  }

  @Override
  public Listener listen(Endpoint address, Handler handler) throws IOException {
    InetSocketAddress resolved;
    try {
      resolved = Addresses.resolve(address);
    } catch (IOException e) {
      throw BindFailure.of(address, e);
    }
    ChannelGroup open = new DefaultChannelGroup(group.next());
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(group)
            .channel(sockets.serverChannel())
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    opened(channel, open, handler);
                  }
                });
    ChannelFuture bound = bootstrap.bind(resolved).awaitUninterruptibly();
    Throwable cause = bound.cause();
    if (cause != null) {
      throw BindFailure.of(address, cause);
    }
    all.add(bound.channel());
    return new NettyHttpListener(bound.channel(), address, open);
  }

  private void opened(Channel channel, ChannelGroup open, Handler handler) {
    if (open.size() >= limits.connections()) {
      var unused = channel.close();
      return;
    }
    open.add(channel);
    all.add(channel);
    HttpDecoderConfig decoder =
        new HttpDecoderConfig()
            .setMaxInitialLineLength(limits.requestLineBytes())
            .setMaxHeaderSize(limits.headerBytes());
    channel
        .pipeline()
        .addLast(new HttpServerCodec(decoder), new HttpConnection(channel, limits, handler));
  }

  @Override
  public void close() {
    all.closeAll();
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private record NettyHttpListener(Channel channel, Endpoint asked, ChannelGroup open)
      implements Listener {
    @Override
    public Endpoint address() {
      return new Endpoint(asked.host(), ((InetSocketAddress) channel.localAddress()).getPort());
    }

    @Override
    public void close() {
      channel.close().awaitUninterruptibly();
      open.close().awaitUninterruptibly();
    }
  }
}
