package io.millrace.simulator;

import io.millrace.coordination.store.MemoryEnsemble;
import io.millrace.rpc.MemoryNetwork;
import io.millrace.rpc.SimulatedScheduler;
import io.millrace.rpc.SimulatedTasks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Brokers, their disks, ZooKeeper, and what lies between. Owner: the thread that made it. */
final class World {
  static final long SECOND = 1_000_000_000;

  private final SimulatedScheduler scheduler;
  private final MemoryEnsemble ensemble;
  private final MemoryNetwork network;
  private final List<Machine> machines = new ArrayList<>();

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

  /** From inside a loop: as the next thing that happens outside of any. */
  void soon(Runnable action) {
    scheduler.at(scheduler.nanoTime(), action);
  }

  /** Lets things happen until the condition holds; fails after a virtual minute. */
  void await(String what, BooleanSupplier condition) {
    scheduler.runUntil(what, condition, 60 * SECOND);
  }
}
