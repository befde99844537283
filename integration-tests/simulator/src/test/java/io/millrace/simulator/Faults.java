package io.millrace.simulator;

import io.millrace.coordination.store.MemoryEnsemble;
import io.millrace.coordination.store.MemoryEnsemble.WriteFate;
import io.millrace.coordination.store.MemoryStore;
import io.millrace.rpc.MemoryNetwork;
import java.util.function.BiConsumer;

/** Does to a world what a schedule says, and undoes it in the end. */
final class Faults {
  private final World world;
  private final Clients clients;
  private final CopyAtlas atlas;

  Faults(World world, Clients clients, CopyAtlas atlas) {
    this.world = world;
    this.clients = clients;
    this.atlas = atlas;
  }

  void apply(Act act) {
    MemoryNetwork network = world.network();
    switch (act.kind()) {
      case SEND -> clients.send(act.who(), act.other());
      case POLL -> clients.poll(act.who());
      case KILL_WRITER -> clients.killWriter(act.who());
      case KILL_READER -> clients.killReader(act.who());
      case KILL -> machine(act).kill();
      case START -> machine(act).start();
      case STOP -> machine(act).stop();
      case LOSE_POWER -> {
        machine(act).losePower(act.other() / 1_000.0);
        atlas.somethingWasLost();
      }
      case PAUSE -> machine(act).pause();
      case RESUME -> machine(act).resume();
      case CUT -> network.cut(clients.host(act.who()), clients.host(act.other()));
      case HEAL -> network.heal(clients.host(act.who()), clients.host(act.other()));
      case RESET -> network.reset(clients.host(act.who()), clients.host(act.other()));
      case ISOLATE -> store(act, (ensemble, store) -> ensemble.setIsolated(store, true));
      case REJOIN -> store(act, (ensemble, store) -> ensemble.setIsolated(store, false));
      case DISCONNECT -> store(act, MemoryEnsemble::disconnect);
      case EXPIRE -> store(act, MemoryEnsemble::expire);
      case LAG -> store(act, (ensemble, store) -> ensemble.setLagging(store, true));
      case CATCH_UP -> store(act, (ensemble, store) -> ensemble.setLagging(store, false));
      case LOSE_WRITE -> nextWrite(act, WriteFate.LOST_BEFORE);
      case LOSE_ANSWER -> nextWrite(act, WriteFate.LOST_AFTER);
      case DELAY_WRITE -> nextWrite(act, WriteFate.LATE);
      case STOP_ZOOKEEPER -> world.ensemble().stop();
      case START_ZOOKEEPER -> world.ensemble().restart();
      case FAIL_FORCE -> machine(act).disk().failForce(path -> path.toString().endsWith(".log"));
      case FILL_DISK -> machine(act).disk().limitBytes(0);
      case FREE_DISK -> machine(act).disk().limitBytes(Long.MAX_VALUE);
      case SLOW_DISK -> machine(act).setForceMillis(act.other());
      case SHIFT_CLOCK -> machine(act).shiftWallClock(act.other() * 1_000L);
    }
  }

  private Machine machine(Act act) {
    return world.machines().get(act.who());
  }

  /** Of a broker that does not run: nothing. */
  private void store(Act act, BiConsumer<MemoryEnsemble, MemoryStore> fault) {
    machine(act).store().ifPresent(store -> fault.accept(world.ensemble(), store));
  }

  private void nextWrite(Act act, WriteFate fate) {
    store(act, (ensemble, store) -> ensemble.setNextWrite(store, fate));
  }

  /** Everything that lasts comes to an end; brokers that are down stay so. */
  void end() {
    world.network().heal();
    world.network().setResetProbability(0);
    world.network().setDelay(20_000, 300_000);
    world.ensemble().restart();
    world.ensemble().setWriteFaults(0);
    for (Machine machine : world.machines()) {
      machine.resume();
      machine.setForceMillis(0);
      machine.correctWallClock();
      machine.disk().limitBytes(Long.MAX_VALUE);
      machine.disk().failForce(path -> false);
      machine
          .store()
          .ifPresent(
              store -> {
                world.ensemble().setIsolated(store, false);
                world.ensemble().setLagging(store, false);
                world.ensemble().setNextWrite(store, WriteFate.NORMAL);
              });
    }
  }
}
