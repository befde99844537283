package io.millrace.rpc.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.rpc.Endpoint;
import io.millrace.rpc.HttpTransport.Answer;
import io.millrace.rpc.Link;
import io.millrace.rpc.LinkHandler;
import io.millrace.rpc.ReceivedBytes;
import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.Transport;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Closing leaves nothing open and nobody untold. By the hundred: that loops end without closing
 * what they carry depends on where they are when they are told to end.
 */
@Timeout(120)
class TransportCloseTest {
  private static final int ROUNDS = 100;
  private static final int LINKS = 4;
  private static final long SECOND = 1_000_000_000;
  private static final Endpoint ANY_PORT = new Endpoint("127.0.0.1", 0);

  static Stream<SocketKind> socketKinds() {
    return Epoll.isAvailable()
        ? Stream.of(SocketKind.nio(), SocketKind.epoll())
        : Stream.of(SocketKind.nio());
  }

  private static NettyTransport transport(SocketKind sockets, int loops, String prefix) {
    return new NettyTransport(new SystemTasks(), loops, prefix, sockets);
  }

  /** Counts how often it was told of the end. */
  private static final class Counting implements LinkHandler {
    final AtomicInteger closings = new AtomicInteger();

    @Override
    public void onBytes(ReceivedBytes bytes) {
      bytes.release();
    }

    @Override
    public void onClosed(@Nullable Throwable cause) {
      closings.incrementAndGet();
    }
  }

  private static Transport.ConnectHandler connectHandler(
      Function<Link, LinkHandler> connected, CompletableFuture<Throwable> failure) {
    return new Transport.ConnectHandler() {
      @Override
      public LinkHandler connected(Link link) {
        return connected.apply(link);
      }

      @Override
      public void failed(Throwable cause) {
        failure.complete(cause);
      }
    };
  }

  @ParameterizedTest
  @MethodSource("socketKinds")
  void tellsEachLinkOnce(SocketKind sockets) throws IOException {
    for (int round = 0; round < ROUNDS; round++) {
      NettyTransport near = transport(sockets, 1, "near-");
      NettyTransport far = transport(sockets, 2, "far-");
      List<Counting> nearHandlers = new CopyOnWriteArrayList<>();
      List<Counting> farHandlers = new CopyOnWriteArrayList<>();
      Transport.Listener listener = far.listen(ANY_PORT, link -> added(farHandlers));
      for (int i = 0; i < LINKS; i++) {
        near.connect(
            listener.address(),
            near.loops().get(0),
            30 * SECOND,
            connectHandler(link -> added(nearHandlers), new CompletableFuture<>()));
      }
      await()
          .atMost(60, TimeUnit.SECONDS)
          .pollInterval(1, TimeUnit.MILLISECONDS)
          .until(() -> nearHandlers.size() == LINKS && farHandlers.size() == LINKS);
      // The side that closes: the other one would hear of it by the network in any case.
      NettyTransport first = round % 2 == 0 ? near : far;
      List<Counting> told = round % 2 == 0 ? nearHandlers : farHandlers;
      first.close();
      assertThat(told).as("round %d", round).allMatch(each -> each.closings.get() == 1);
      near.close();
      far.close();
      assertThat(nearHandlers).allMatch(each -> each.closings.get() == 1);
      assertThat(farHandlers).allMatch(each -> each.closings.get() == 1);
    }
  }

  private static Counting added(List<Counting> handlers) {
    Counting handler = new Counting();
    handlers.add(handler);
    return handler;
  }

  @ParameterizedTest
  @MethodSource("socketKinds")
  void endsAttemptsToConnect(SocketKind sockets) throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    List<AutoCloseable> others = new ArrayList<>();
    ServerSocket deaf = new ServerSocket(0, 1, loopback);
    others.add(deaf);
    for (int i = 0; i < 2; i++) {
      others.add(new Socket(loopback, deaf.getLocalPort()));
    }
    NettyTransport near = transport(sockets, 1, "near-");
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    near.connect(
        new Endpoint("127.0.0.1", deaf.getLocalPort()),
        near.loops().get(0),
        3600 * SECOND,
        connectHandler(link -> new Counting(), failure));
    near.close();
    assertThat(failure).isCompleted();
    assertThat(failure.join()).hasMessageContaining("closed meanwhile");
    for (AutoCloseable other : others) {
      other.close();
    }
  }

  @Test
  void monitoringPortsAndConnectionsAreClosedToo() throws IOException {
    for (int round = 0; round < ROUNDS; round++) {
      NettyHttpTransport transport = new NettyHttpTransport("test-");
      Endpoint address =
          transport
              .listen(ANY_PORT, (query, answer) -> answer.accept(Answer.text(200, "here")))
              .address();
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), address.port())) {
        transport.close();
        socket.setSoTimeout(30_000);
        assertThat(endOf(socket)).as("round %d", round).isEqualTo(-1);
      }
    }
  }

  /** A reset is an end too. */
  private static int endOf(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read();
    } catch (java.net.SocketTimeoutException e) {
      throw new AssertionError("still open", e);
    } catch (java.net.SocketException e) {
      return -1;
    }
  }
}
