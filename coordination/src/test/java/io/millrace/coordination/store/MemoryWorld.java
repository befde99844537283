package io.millrace.coordination.store;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.SimulatedScheduler;
import io.millrace.rpc.SimulatedTasks;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** The twin in virtual time; every client is a process of its own. */
public final class MemoryWorld implements StoreWorld {
  private static final int SESSION_MILLIS = 6_000;

  private final SimulatedScheduler scheduler;
  private final MemoryEnsemble ensemble;
  private final Map<ClusterStore, SimulatedTasks> processes = new HashMap<>();

  public MemoryWorld(long seed) {
    scheduler = new SimulatedScheduler(seed);
    ensemble = new MemoryEnsemble(new SimulatedTasks(scheduler));
  }

  public SimulatedScheduler scheduler() {
    return scheduler;
  }

  public MemoryEnsemble ensemble() {
    return ensemble;
  }

  /** The process that the store was opened in. */
  public SimulatedTasks process(ClusterStore store) {
    return processes.computeIfAbsent(
        store,
        unknown -> {
          throw new IllegalArgumentException("not of this world");
        });
  }

  @Override
  public MemoryStore open() {
    return open(SESSION_MILLIS);
  }

  @Override
  public MemoryStore openShort() {
    return open(500);
  }

  private MemoryStore open(int sessionMillis) {
    SimulatedTasks tasks = new SimulatedTasks(scheduler);
    MemoryStore store = ensemble.connect(tasks.worker("zk-events"), sessionMillis);
    processes.put(store, tasks);
    // So that the first write is not rejected for want of contact.
    get(store, s -> s.read("/"));
    return store;
  }

  @Override
  public <T> T get(ClusterStore store, Function<ClusterStore, CompletionStage<T>> asked) {
    CompletableFuture<T> result =
        OnLoop.call(store.loop(), () -> asked.apply(store)).toCompletableFuture();
    scheduler.runUntil("an answer", result::isDone, SECONDS.toNanos(60));
    return result.join();
  }

  /** Waits for a stage that was asked for elsewhere. */
  public <T> T get(CompletionStage<T> stage) {
    CompletableFuture<T> result = stage.toCompletableFuture();
    scheduler.runUntil("an answer", result::isDone, SECONDS.toNanos(60));
    return result.join();
  }

  @Override
  public void await(String what, BooleanSupplier condition) {
    scheduler.runUntil(what, condition, SECONDS.toNanos(30));
  }

  @Override
  public void settle() {
    scheduler.runFor(MILLISECONDS.toNanos(50));
  }

  @Override
  public void expire(ClusterStore store) {
    ensemble.expire((MemoryStore) store);
  }

  @Override
  public void stopServers() {
    ensemble.stop();
  }

  @Override
  public void restartServers() {
    ensemble.restart();
  }
}
