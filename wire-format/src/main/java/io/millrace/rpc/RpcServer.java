package io.millrace.rpc;

import io.millrace.rpc.RpcServerStats.End;
import io.millrace.rpc.RpcServerStats.Refusal;
import io.millrace.wire.v1.HelloResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The accepting side: listens, greets, and hands requests to one {@link RequestHandler}.
 *
 * <p>Immutable but for its counters; each connection belongs to the loop it was dealt to.
 */
public final class RpcServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RpcServer.class);

  private final RpcServerSettings settings;
  private final Supplier<HelloResponse> hello;
  private final RequestHandler handler;
  private final Admission admission;
  private final PeerLog peers;
  private final ByteBudget budget;
  private final List<ServerLoop> loops = new ArrayList<>();
  private final IdentityHashMap<EventLoop, ServerLoop> byLoop = new IdentityHashMap<>();
  private Transport.@Nullable Listener listener;
  private volatile boolean closed;

  private RpcServer(
      Transport transport,
      RpcServerSettings settings,
      Supplier<HelloResponse> hello,
      RequestHandler handler,
      Function<EventLoop, RequestPhases> phases) {
    this.settings = settings;
    this.hello = hello;
    this.handler = handler;
    admission = new Admission(settings.maxConnections(), settings.maxConnectionsPerAddress());
    budget = new ByteBudget(settings.maxTotalBytes(), this::roomMade);
    peers = new PeerLog(log, transport.loops().get(0).clock());
    for (EventLoop loop : transport.loops()) {
      ServerLoop shared = new ServerLoop(loop, budget, phases.apply(loop));
      loops.add(shared);
      byLoop.put(loop, shared);
    }
  }

  /**
   * Serves from the moment this returns, or a little earlier.
   *
   * @param hello asked for each connection, on its loop
   * @param handler called on the loop of each request's connection
   * @throws IOException with a message that names the address and the reason
   */
  public static RpcServer listen(
      Transport transport,
      Endpoint address,
      RpcServerSettings settings,
      Supplier<HelloResponse> hello,
      RequestHandler handler)
      throws IOException {
    return listen(transport, address, settings, hello, handler, loop -> RequestPhases.NONE);
  }

  /**
   * As above.
   *
   * @param phases asked once for each loop, here; what it gives is called on that loop only
   */
  public static RpcServer listen(
      Transport transport,
      Endpoint address,
      RpcServerSettings settings,
      Supplier<HelloResponse> hello,
      RequestHandler handler,
      Function<EventLoop, RequestPhases> phases)
      throws IOException {
    RpcServer server = new RpcServer(transport, settings, hello, handler, phases);
    server.listener = transport.listen(address, server::opened);
    return server;
  }

  private LinkHandler opened(Link link) {
    ServerLoop shared = byLoop.get(link.loop());
    if (shared == null) {
      throw new IllegalStateException("a link on a loop that is not of this transport");
    }
    if (closed) {
      // Accepted by the kernel before the listener closed, and handed to us after.
      shared.counters.refused(Refusal.CLOSING);
      link.close();
      return new RefusedLink();
    }
    Refusal refusal = admission.admit(link.remote().host());
    if (refusal != null) {
      shared.counters.refused(refusal);
      String why = admission.text(refusal, link.remote().host());
      peers.warn(link.remote(), "refused the connection: " + why);
      if (admission.mayTell()) {
        return new RefusedConnection(link, why, shared.scan, admission::hasTold);
      }
      link.close();
      return new RefusedLink();
    }
    ServerConnection connection = new ServerConnection(this, link, shared);
    shared.add(connection);
    return connection;
  }

  /** By a connection that has closed. */
  void left(ServerConnection connection) {
    admission.leave(connection.remote().host());
  }

  /** Where it listens, with the port that was found when 0 was asked for. */
  public Endpoint address() {
    return openListener().address();
  }

  /** From any thread. */
  public RpcServerStats stats() {
    Map<Refusal, Long> refused = new EnumMap<>(Refusal.class);
    for (Refusal refusal : Refusal.values()) {
      refused.put(refusal, sum(loop -> loop.count(refusal)));
    }
    Map<End, Long> ended = new EnumMap<>(End.class);
    for (End end : End.values()) {
      ended.put(end, sum(loop -> loop.count(end)));
    }
    return new RpcServerStats(
        admission.total(),
        sum(loop -> loop.accepted),
        refused,
        ended,
        sum(loop -> loop.heldBack),
        sum(loop -> loop.requests),
        sum(loop -> loop.requestsRefused),
        sum(loop -> loop.requestsInFlight),
        sum(loop -> loop.bytesInFlight),
        budget.arriving(),
        sum(loop -> loop.bytesReceived),
        sum(loop -> loop.bytesSent));
  }

  private long sum(ToLongFunction<LoopCounters> counter) {
    return loops.stream().mapToLong(loop -> counter.applyAsLong(loop.counters)).sum();
  }

  /** Takes no more connections; those there are go on. */
  public void stopAccepting() {
    openListener().close();
  }

  /** Stops accepting and closes all connections; does not wait for them to have closed. */
  @Override
  public void close() {
    closed = true;
    stopAccepting();
    for (ServerLoop shared : loops) {
      shared.loop.execute(shared::closeAll);
    }
  }

  private Transport.Listener openListener() {
    Transport.Listener open = listener;
    if (open == null) {
      throw new IllegalStateException("not listening yet");
    }
    return open;
  }

  RpcServerSettings settings() {
    return settings;
  }

  HelloResponse hello() {
    return hello.get();
  }

  RequestHandler handler() {
    return handler;
  }

  ByteBudget budget() {
    return budget;
  }

  private void roomMade() {
    for (int i = 0; i < loops.size(); i++) {
      ServerLoop shared = loops.get(i);
      if (shared.isAnyWaiting()) {
        shared.loop.execute(shared::tryAgain);
      }
    }
  }

  PeerLog peers() {
    return peers;
  }

  /** One that was closed as soon as it was there. */
  private static final class RefusedLink implements LinkHandler {
    @Override
    public void onBytes(ReceivedBytes bytes) {
      bytes.release();
    }

    @Override
    public void onClosed(@Nullable Throwable cause) {}
  }
}
