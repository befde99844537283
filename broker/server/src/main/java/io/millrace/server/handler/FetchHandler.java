package io.millrace.server.handler;

import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.partition.Shard;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Reads records, waiting for them if the request says so. */
final class FetchHandler {
  private final List<Shard> shards;
  private final IdentityHashMap<EventLoop, Shard> byLoop = new IdentityHashMap<>();

  /** The last fetch of each connection of a follower, while it is unanswered; each on its loop. */
  private final IdentityHashMap<EventLoop, Map<Endpoint, FetchInFlight>> ofReplicas =
      new IdentityHashMap<>();

  private final RequestSettings settings;
  private final BooleanSupplier stopping;

  /**
   * @param shards one for each loop that connections come on
   */
  FetchHandler(List<Shard> shards, RequestSettings settings, BooleanSupplier stopping) {
    this.shards = shards;
    this.settings = settings;
    this.stopping = stopping;
    for (Shard shard : shards) {
      byLoop.put(shard.loop(), shard);
      ofReplicas.put(shard.loop(), new HashMap<>());
    }
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
    FetchInFlight fetch = new FetchInFlight(request, shape, shards, home, stopping);
    if (request.head().getFetch().hasFollower()) {
      replaceEarlier(request, fetch);
    }
    fetch.start();
  }

  /**
   * A follower that fetches again while its last fetch waits here has got news; it is answered to
   * that one too, so that it can go on with all of its partitions together.
   */
  private void replaceEarlier(InboundRequest request, FetchInFlight fetch) {
    Map<Endpoint, FetchInFlight> latest = ofReplicas.get(request.loop());
    if (latest != null) {
      Endpoint from = request.remote();
      FetchInFlight earlier = latest.put(from, fetch);
      fetch.whenEnded(() -> latest.remove(from, fetch));
      if (earlier != null) {
        earlier.waitNoLonger();
      }
    }
  }
}
