package io.millrace.server.handler;

import io.millrace.rpc.EventLoop;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.partition.Shard;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Reads records, waiting for them if the request says so. */
final class FetchHandler {
  private final List<Shard> shards;
  private final IdentityHashMap<EventLoop, Shard> byLoop = new IdentityHashMap<>();
  private final RequestSettings settings;
  private final BooleanSupplier stopping;

  /**
   * @param shards one for each loop that connections come on
   */
  FetchHandler(List<Shard> shards, RequestSettings settings, BooleanSupplier stopping) {
    this.shards = shards;
    this.settings = settings;
    this.stopping = stopping;
    shards.forEach(shard -> byLoop.put(shard.loop(), shard));
  }

  /**
   * Whether it may come from a replica, if it says so, has been decided: {@link ReplicaAdmission}.
   */
  void handle(InboundRequest request) {
    FetchShape.Outcome outcome =
        FetchShape.of(
            request.head().getFetch(),
            settings.maxPartitions(),
            settings.maxFetchBytes(),
            settings.maxFetchWaitMillis());
    if (outcome instanceof FetchShape.Outcome.Refused refused) {
      request.refuse(refused.refusal().code(), refused.refusal().message());
      return;
    }
    Shard home = byLoop.get(request.loop());
    if (home == null) {
      throw new IllegalStateException("a connection on a loop without a shard");
    }
    FetchShape shape = ((FetchShape.Outcome.Shaped) outcome).shape();
    new FetchInFlight(request, shape, shards, home, stopping).start();
  }
}
