package io.millrace.server.handler;

import io.millrace.rpc.EventLoop;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.FetchRequest;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Reads records, waiting for them if the request says so. */
final class FetchHandler {
  private final List<Shard> shards;
  private final IdentityHashMap<EventLoop, Shard> byLoop = new IdentityHashMap<>();
  private final RequestSettings settings;
  private final BooleanSupplier stopping;
  private final ReplicaAdmission admission;

  /**
   * @param shards one for each loop that connections come on
   * @param admission who may fetch as a replica
   */
  FetchHandler(
      List<Shard> shards,
      RequestSettings settings,
      BooleanSupplier stopping,
      ReplicaAdmission admission) {
    this.shards = shards;
    this.admission = admission;
    this.settings = settings;
    this.stopping = stopping;
    shards.forEach(shard -> byLoop.put(shard.loop(), shard));
  }

  void handle(InboundRequest request) {
    FetchRequest fetch = request.head().getFetch();
    if (fetch.hasFollower()) {
      Optional<Refusal> refusal = admission.check(request, fetch.getFollower());
      if (refusal.isPresent()) {
        request.refuse(refusal.get().code(), refusal.get().message());
        return;
      }
    }
    FetchShape.Outcome outcome =
        FetchShape.of(
            fetch,
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
