package io.millrace.simulator;

import io.millrace.coordination.store.MemoryEnsemble;
import io.millrace.rpc.MemoryNetwork;
import io.millrace.rpc.SimulatedScheduler;
import io.millrace.rpc.SimulatedTasks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Brokers, their disks, ZooKeeper, and what lies between; and the first promise that was broken in
 * it. Owner: the thread that made it.
 */
final class World {
  static final long SECOND = 1_000_000_000;

  private final SimulatedScheduler scheduler;
  private final MemoryEnsemble ensemble;
  private final MemoryNetwork network;
  private final List<Machine> machines = new ArrayList<>();
  private @Nullable Violation violation;

  World(long seed, int brokers, Map<String, String> settings) {
    scheduler = new SimulatedScheduler(seed);
    ensemble = new MemoryEnsemble(new SimulatedTasks(scheduler));
    network = new MemoryNetwork(scheduler);
    for (int id = 1; id <= brokers; id++) {
      machines.add(new Machine(this, id, settings));
    }
  }

  SimulatedScheduler scheduler() {
    return scheduler;
  }

  MemoryEnsemble ensemble() {
    return ensemble;
  }

  MemoryNetwork network() {
    return network;
  }

  List<Machine> machines() {
    return machines;
  }

  /** What a client is told the cluster's address is. */
  String bootstrap() {
    return machines.stream()
        .map(machine -> machine.host() + ":" + Machine.CLIENT_PORT)
        .collect(Collectors.joining(",", "broker://", ""));
  }

  /** From inside a loop: as the next thing that happens outside of any. */
  void soon(Runnable action) {
    scheduler.at(scheduler.nanoTime(), action);
  }

  /** The first counts: what follows may be its consequence. */
  void violated(Violation.Rule rule, String what) {
    if (violation == null) {
      violation = new Violation(rule, what, scheduler.nanoTime());
    }
  }

  @Nullable Violation violation() {
    return violation;
  }

  /** Lets things happen until the condition holds; fails after a virtual minute. */
  void await(String what, BooleanSupplier condition) {
    scheduler.runUntil(what, condition, 60 * SECOND);
  }
}
