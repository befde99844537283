package io.millrace.rpc.netty;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.Transport;
import io.millrace.rpc.TransportWorld;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;

/** This machine's loopback, in real time. */
final class NettyWorld implements TransportWorld {
  private final NettyTransport near;
  private final NettyTransport far;
  private final List<AutoCloseable> others = new ArrayList<>();

  NettyWorld(SocketKind sockets) {
    near = new NettyTransport(new SystemTasks(), 1, "near-", sockets);
    far = new NettyTransport(new SystemTasks(), 2, "far-", sockets);
  }

  @Override
  public Transport near() {
    return near;
  }

  @Override
  public Transport far() {
    return far;
  }

  @Override
  public Endpoint address() {
    return new Endpoint("127.0.0.1", 0);
  }

  /** A listener that accepts nothing and whose queue is full: the kernel ignores who knocks. */
  @Override
  public Endpoint silentAddress() throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    ServerSocket deaf = new ServerSocket(0, 1, loopback);
    others.add(deaf);
    for (int i = 0; i < 2; i++) {
      others.add(new Socket(loopback, deaf.getLocalPort()));
    }
    return new Endpoint("127.0.0.1", deaf.getLocalPort());
  }

  @Override
  public void await(String what, BooleanSupplier condition) {
    Awaitility.await(what)
        .pollInterval(Duration.ofMillis(2))
        .atMost(Duration.ofSeconds(30))
        .until(condition::getAsBoolean);
  }

  @Override
  public void pass(long millis) {
    Awaitility.await()
        .pollDelay(Duration.ofMillis(millis))
        .atMost(Duration.ofSeconds(30))
        .until(() -> true);
  }

  @Override
  public void whileBusy(EventLoop loop, Runnable action) {
    CountDownLatch busy = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    loop.execute(
        () -> {
          busy.countDown();
          awaitLatch(over);
        });
    awaitLatch(busy);
    action.run();
    pass(100);
    over.countDown();
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      if (!latch.await(30, SECONDS)) {
        throw new AssertionError("nobody opened the latch");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** Netty's leak detector tells of these, see the test listener. */
  @Override
  public long outstandingBuffers() {
    return 0;
  }

  /** Netty logs it and that is all. */
  @Override
  public void forgiveThrown() {}

  @Override
  public void close() {
    near.close();
    far.close();
    for (AutoCloseable other : others) {
      try {
        other.close();
      } catch (Exception e) {
        throw new AssertionError("a plain socket did not close", e);
      }
    }
  }
}
