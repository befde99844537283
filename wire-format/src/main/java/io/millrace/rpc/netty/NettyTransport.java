package io.millrace.rpc.netty;

import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Link;
import io.millrace.rpc.LinkHandler;
import io.millrace.rpc.Tasks;
import io.millrace.rpc.Transport;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * TCP.
 *
 * <p>Its threads are called {@code loop-0}, {@code loop-1}, … behind the prefix, and are daemons: a
 * program that forgot to close its client still ends when its own threads do; a broker's main
 * thread waits for the broker.
 *
 * <p>A server's memory comes from a pool of its own with an arena for each loop, so that loops do
 * not contend and buffers released elsewhere find their way back. Clients, of which one process may
 * have hundreds that hardly do anything, share one: an arena takes a chunk when it is first used,
 * which the JVM fills with zeros. The pool is Netty's {@code pooled} kind, not its adaptive
 * default: its chunks have one size (4 MiB) and its footprint is the same run by run.
 */
public final class NettyTransport implements Transport {
  /** Names are looked up, and so may block, on this thread and never on a loop. */
  private static final String RESOLVER = "resolver";

  private static final int BACKLOG = 1024;

  /** Bytes of one read: starts small, grows while reads fill it; above, a pool only churns. */
  private static final RecvByteBufAllocator READS =
      new AdaptiveRecvByteBufAllocator(512, 4 << 10, 256 << 10);

  private final SocketKind sockets;
  private final MultiThreadIoEventLoopGroup group;
  private final ByteBufAllocator pool;
  private final List<NettyLoop> loops;
  private final IdentityHashMap<io.netty.channel.EventLoop, NettyLoop> byNetty =
      new IdentityHashMap<>();
  private final Tasks.Worker resolver;

  /** Links and listeners; what is added once this has been closed is closed at once. */
  private final OpenChannels open = new OpenChannels();

  /** As {@link #NettyTransport(Tasks, int, String)} without a prefix. */
  public NettyTransport(Tasks tasks, int loopCount) {
    this(tasks, loopCount, "");
  }

  /**
   * Starts the loops.
   *
   * @param loopCount 1 to 1,024
   * @param threadPrefix in front of {@code loop-N}, to tell several transports in one process apart
   */
  public NettyTransport(Tasks tasks, int loopCount, String threadPrefix) {
    this(tasks, loopCount, threadPrefix, SocketKind.best());
  }

  NettyTransport(Tasks tasks, int loopCount, String threadPrefix, SocketKind sockets) {
    this(tasks, loopCount, threadPrefix, sockets, newPool(loopCount));
  }

  /**
   * For a client: one loop, which shares its memory with those of this process' other clients.
   *
   * @param threadPrefix in front of {@code loop-0}
   */
  public static NettyTransport ofClient(Tasks tasks, String threadPrefix) {
    return new NettyTransport(tasks, 1, threadPrefix, SocketKind.best(), ClientPool.SHARED);
  }

  /** Made by the first client. As many loops run at a time as there are processors. */
  private static final class ClientPool {
    static final ByteBufAllocator SHARED = newPool(Runtime.getRuntime().availableProcessors());
  }

  private NettyTransport(
      Tasks tasks, int loopCount, String threadPrefix, SocketKind sockets, ByteBufAllocator pool) {
    if (loopCount < 1 || loopCount > 1024) {
      throw new IllegalArgumentException(loopCount + " loops: must be 1 to 1024");
    }
    this.sockets = sockets;
    AtomicInteger started = new AtomicInteger();
    group =
        new MultiThreadIoEventLoopGroup(
            loopCount,
            work -> {
              Thread thread =
                  new FastThreadLocalThread(
                      work, loopName(threadPrefix, started.getAndIncrement()));
              thread.setDaemon(true);
              return thread;
            },
            sockets.handlers());
    this.pool = pool;
    List<NettyLoop> created = new ArrayList<>(loopCount);
    for (int i = 0; i < loopCount; i++) {
      io.netty.channel.EventLoop netty = group.next();
      // Started one by one, so that names and indexes agree.
      netty.submit(() -> {}).syncUninterruptibly();
      NettyLoop loop = new NettyLoop(netty, loopName(threadPrefix, i), tasks.clock());
      created.add(loop);
      byNetty.put(netty, loop);
    }
    loops = List.copyOf(created);
    resolver = tasks.worker(threadPrefix + RESOLVER);
  }

  private static String loopName(String prefix, int index) {
    return prefix + "loop-" + index;
  }

  private static ByteBufAllocator newPool(int arenas) {
    boolean preferDirect = true;
    int heapArenas = 0;
    int pageSize = 8 << 10;
    int chunkOrder = 9; // 8 KiB << 9 = 4 MiB
    int smallCache = 256;
    int normalCache = 64;
    boolean cacheForForeignThreads = false;
    return new PooledByteBufAllocator(
        preferDirect,
        heapArenas,
        arenas,
        pageSize,
        chunkOrder,
        smallCache,
        normalCache,
        cacheForForeignThreads);
  }

  @Override
  public List<EventLoop> loops() {
    return List.copyOf(loops);
  }

  @Override
  public Listener listen(Endpoint address, Function<Link, LinkHandler> opened) throws IOException {
    InetSocketAddress resolved;
    try {
      resolved = Addresses.resolve(address);
    } catch (IOException e) {
      throw BindFailure.of(address, e);
    }
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(group)
            .channel(sockets.serverChannel())
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childOption(ChannelOption.ALLOCATOR, pool)
            .childOption(ChannelOption.RECVBUF_ALLOCATOR, READS)
            .childOption(ChannelOption.MESSAGE_SIZE_ESTIMATOR, PartSize.ESTIMATOR)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(new NettyLink(channel, loopOf(channel), opened));
                    open.add(channel);
                  }
                });
    ChannelFuture bound = bootstrap.bind(resolved).awaitUninterruptibly();
    Throwable cause = bound.cause();
    if (cause != null) {
      throw BindFailure.of(address, cause);
    }
    open.add(bound.channel());
    bound.channel().pipeline().addLast(new AcceptTrouble(address));
    return new NettyListener(bound.channel(), address);
  }

  private NettyLoop loopOf(Channel channel) {
    NettyLoop loop = byNetty.get(channel.eventLoop());
    if (loop == null) {
      throw new IllegalStateException("a channel on a loop that is not of this transport");
    }
    return loop;
  }

  @Override
  public void connect(Endpoint to, EventLoop loop, long timeoutNanos, ConnectHandler handler) {
    NettyLoop on = (NettyLoop) loop;
    ConnectAttempt attempt = new ConnectAttempt(to, on, sockets, pool, READS, open, handler);
    on.execute(() -> attempt.start(timeoutNanos, resolver));
  }

  /** Not from one of its own loops: it waits for them. */
  @Override
  public void close() {
    for (NettyLoop loop : loops) {
      if (loop.inLoop()) {
        throw new IllegalStateException("a transport cannot be closed on its own " + loop.name());
      }
    }
    resolver.stop();
    open.closeAll();
    group.shutdownGracefully(0, 10, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private record NettyListener(Channel channel, Endpoint asked) implements Listener {
    @Override
    public Endpoint address() {
      int port = ((InetSocketAddress) channel.localAddress()).getPort();
      return new Endpoint(asked.host(), port);
    }

    @Override
    public void close() {
      channel.close().awaitUninterruptibly();
    }
  }
}
