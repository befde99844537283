package io.millrace.client.cluster;

import io.millrace.client.fake.SimulatedWorld;
import io.millrace.rpc.Backoff;
import io.millrace.rpc.ConnectionSettings;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.RpcClient;
import java.util.concurrent.TimeUnit;

/** Makes discoveries for tests. */
public final class Discoveries {
  private Discoveries() {}

  /** On the client's loop of that world; asks every two seconds. */
  public static BrokerDiscovery ofBrokers(SimulatedWorld world, String address) {
    EventLoop loop = world.clientTransport().loops().get(0);
    ConnectionSettings connection =
        ConnectionSettings.of("test", "0").withConnectTimeoutMillis(3_000);
    return new BrokerDiscovery(
        BrokerAddresses.parse(address),
        new BrokerDiscoverySettings(
            TimeUnit.SECONDS.toNanos(2), TimeUnit.SECONDS.toNanos(5), new Backoff(50, 1000)),
        loop,
        world.clientTasks(),
        (to, clusterId, listener) ->
            RpcClient.connect(
                world.clientTransport(), loop, to, connection.withClusterId(clusterId), listener));
  }
}
