package io.millrace.client.fake;

import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.netty.NettyTransport;
import java.io.IOException;

/** One broker on this machine's loopback, on any free port. */
public final class SocketWorld implements AutoCloseable {
  private final FakeCluster cluster = new FakeCluster();
  private final NettyTransport transport = new NettyTransport(new SystemTasks(), 1, "fake-");
  private final FakeBroker broker;

  public SocketWorld() throws IOException {
    broker = new FakeBroker(cluster, 1, transport, "127.0.0.1");
  }

  public FakeCluster cluster() {
    return cluster;
  }

  public FakeBroker broker() {
    return broker;
  }

  @Override
  public void close() {
    broker.close();
    transport.close();
  }
}
