package io.millrace.coordination.store;

import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** Where the contract runs: a store's servers, time, and what can happen to both. */
public interface StoreWorld {
  /** A new client with a session of its own; closed by the world at its end. */
  ClusterStore open();

  /** As {@link #open}, with a session time-out as short as the servers allow. */
  ClusterStore openShort();

  /** Calls on the store's loop and waits for what comes of it. */
  <T> T get(ClusterStore store, Function<ClusterStore, CompletionStage<T>> asked);

  /** Lets time pass until it is so; fails when it is not within half a minute. */
  void await(String what, BooleanSupplier condition);

  /** Lets a moment pass in which whatever is on its way arrives. */
  void settle();

  /** The servers end this session. */
  void expire(ClusterStore store);

  void stopServers();

  void restartServers();
}
