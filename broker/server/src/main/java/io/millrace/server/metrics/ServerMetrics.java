package io.millrace.server.metrics;

import io.millrace.rpc.RpcServerStats;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/** Connections of one listener. Its stats are taken once for all that is shown of them. */
final class ServerMetrics {
  private final SeriesRegistry registry;
  private final String listener;
  private final Supplier<RpcServerStats> stats;

  /** Set on the metrics worker, read by whoever looks. */
  private volatile RpcServerStats latest;

  ServerMetrics(SeriesRegistry registry, String listener, Supplier<RpcServerStats> stats) {
    this.registry = registry;
    this.listener = listener;
    this.stats = stats;
    this.latest = stats.get();
    counter(BrokerMetric.REQUESTS, RpcServerStats::requests);
    counter(BrokerMetric.REQUESTS_REFUSED, RpcServerStats::requestsRefused);
    gauge(BrokerMetric.REQUESTS_IN_FLIGHT, RpcServerStats::requestsInFlight);
    gauge(BrokerMetric.REQUESTS_IN_FLIGHT_BYTES, RpcServerStats::bytesInFlight);
    gauge(BrokerMetric.REQUESTS_ARRIVING_BYTES, RpcServerStats::bytesArriving);
    gauge(BrokerMetric.CONNECTIONS, RpcServerStats::connections);
    gauge(BrokerMetric.CONNECTIONS_HELD_BACK, RpcServerStats::connectionsHeldBack);
    counter(BrokerMetric.CONNECTIONS_ACCEPTED, RpcServerStats::connectionsAccepted);
    counter(BrokerMetric.RECEIVED_BYTES, RpcServerStats::bytesReceived);
    counter(BrokerMetric.SENT_BYTES, RpcServerStats::bytesSent);
    for (RpcServerStats.Refusal reason : RpcServerStats.Refusal.values()) {
      registry.counter(
          BrokerMetric.CONNECTIONS_REFUSED, () -> latest.refusedBy(reason), listener, text(reason));
    }
    for (RpcServerStats.End reason : RpcServerStats.End.values()) {
      registry.counter(
          BrokerMetric.CONNECTIONS_ENDED, () -> latest.endedBy(reason), listener, text(reason));
    }
  }

  private static String text(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private void counter(BrokerMetric metric, ToLongFunction<RpcServerStats> value) {
    registry.counter(metric, () -> value.applyAsLong(latest), listener);
  }

  private void gauge(BrokerMetric metric, ToLongFunction<RpcServerStats> value) {
    registry.whole(metric, () -> value.applyAsLong(latest), listener);
  }

  void refreshed() {
    latest = stats.get();
  }
}
