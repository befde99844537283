package io.millrace.server.handler;

import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchRequest;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Reads records, waiting for them if the request says so. */
final class FetchHandler {
  private final List<Shard> shards;
  private final IdentityHashMap<EventLoop, Shard> byLoop = new IdentityHashMap<>();

  /** What each connection of a follower waits for; each map on its loop. */
  private final IdentityHashMap<EventLoop, Map<Endpoint, FollowerSession>> sessions =
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
      sessions.put(shard.loop(), new HashMap<>());
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
    if (request.head().getFetch().hasFollower()) {
      ofFollower(request, shape, home);
    } else {
      new FetchInFlight(request, shape, shards, home, stopping).start();
    }
  }

  /** A follower without a session names all that it wants with each fetch. */
  private void ofFollower(InboundRequest request, FetchShape shape, Shard home) {
    FetchRequest fetch = request.head().getFetch();
    Map<Endpoint, FollowerSession> here = sessions.getOrDefault(request.loop(), Map.of());
    Endpoint from = request.remote();
    FollowerSession session = here.get(from);
    if (!fetch.hasSession() || fetch.getSession().getBegin()) {
      if (session != null) {
        session.finish();
      }
      FollowerSession begun =
          new FollowerSession(fetch.getFollower(), shape, shards, home, stopping);
      here.put(from, begun);
      begun.whenOver(() -> here.remove(from, begun));
      session = begun;
    } else if (session == null || !session.isOf(fetch.getFollower())) {
      request.refuse(
          ErrorCode.INVALID_REQUEST,
          "nothing is kept for this connection of broker "
              + Integer.toUnsignedString(fetch.getFollower().getBrokerId())
              + ": begin the session again");
      return;
    }
    session.onFetch(request, shape);
  }
}
