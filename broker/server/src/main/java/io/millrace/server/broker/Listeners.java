package io.millrace.server.broker;

import io.millrace.rpc.Endpoint;
import io.millrace.rpc.RequestHandler;
import io.millrace.rpc.RpcServer;
import io.millrace.rpc.RpcServerSettings;
import io.millrace.rpc.Transport;
import io.millrace.server.config.BrokerSettings;
import io.millrace.server.config.ListenerSettings;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.handler.ApiHandler;
import io.millrace.server.metrics.BrokerMetrics;
import io.millrace.wire.v1.HelloResponse;
import java.io.IOException;
import java.util.Map;
import java.util.function.Supplier;

/** The two addresses a broker listens on. Immutable. */
record Listeners(RpcServer client, RpcServer internal, Map<String, Endpoint> advertised) {

  /**
   * Blocks until both are bound. Each counts its own connections and the memory of its own
   * requests: whatever clients do, brokers reach each other. B14.
   *
   * @throws CannotListen when one cannot be; then neither is
   */
  static Listeners open(
      Transport transport,
      BrokerSettings settings,
      Supplier<HelloResponse> hello,
      ApiHandler api,
      BrokerMetrics metrics)
      throws CannotListen {
    RpcServerSettings bounds = bounds(settings.requests());
    ListenerSettings clientAt = settings.clientListener();
    ListenerSettings internalAt = settings.internalListener();
    RpcServer client = listen(transport, clientAt, bounds, hello, api, metrics);
    RpcServer internal;
    try {
      internal = listen(transport, internalAt, bounds, hello, api.ofBrokers(), metrics);
    } catch (CannotListen e) {
      client.close();
      throw e;
    }
    return new Listeners(
        client,
        internal,
        Map.of(
            clientAt.name(), clientAt.advertisedWith(client.address().port()),
            internalAt.name(), internalAt.advertisedWith(internal.address().port())));
  }

  private static RpcServer listen(
      Transport transport,
      ListenerSettings at,
      RpcServerSettings bounds,
      Supplier<HelloResponse> hello,
      RequestHandler handler,
      BrokerMetrics metrics)
      throws CannotListen {
    try {
      RpcServer server =
          RpcServer.listen(
              transport, at.bind(), bounds, hello, handler, loop -> metrics.requestsOfLoop());
      metrics.addServer(at.name(), server::stats);
      return server;
    } catch (IOException e) {
      throw new CannotListen("listener." + at.name() + "=" + at.bind() + ": " + e.getMessage(), e);
    }
  }

  /** An address is taken, not ours, or cannot be resolved; the message names it and its key. */
  static final class CannotListen extends IOException {
    private static final long serialVersionUID = 1L;

    CannotListen(String message, Throwable cause) {
      super(message, cause);
    }
  }

  static RpcServerSettings bounds(RequestSettings requests) {
    RpcServerSettings.Timeouts usual = RpcServerSettings.Timeouts.DEFAULTS;
    return new RpcServerSettings(
        requests.maxRequestBytes(),
        requests.maxInFlight(),
        requests.maxInFlightBytes(),
        requests.maxConnections(),
        Math.min(requests.maxConnections(), requests.maxConnectionsPerAddress()),
        new RpcServerSettings.Timeouts(
            requests.timeoutMillis(),
            usual.helloMillis(),
            usual.receiveMillis(),
            usual.idleMillis()));
  }

  void stopAccepting() {
    client.stopAccepting();
    internal.stopAccepting();
  }

  void close() {
    client.close();
    internal.close();
  }
}
