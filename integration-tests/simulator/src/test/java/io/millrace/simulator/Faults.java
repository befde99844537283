package io.millrace.simulator;

import io.millrace.coordination.store.MemoryEnsemble;
import io.millrace.coordination.store.MemoryEnsemble.WriteFate;
import io.millrace.coordination.store.MemoryStore;
import io.millrace.rpc.MemoryNetwork;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/** Does to a world what a schedule says, and undoes it in the end. */
final class Faults {
  private static final long LOOK_NANOS = 5_000_000;

  private final World world;
  private final Clients clients;
  private final ClusterEye eye;
  private final Ledger ledger;
  private final DiskDamage disks;
  private final CopyAtlas atlas;
  private final Reach reach;
  private final Operator operator;
  private final Workload workload;
  private final Set<Integer> drained = new TreeSet<>();
  private boolean minimumIsChanged;

  Faults(
      World world,
      Options options,
      Clients clients,
      ClusterEye eye,
      Ledger ledger,
      CopyAtlas atlas,
      Workload workload,
      Reach reach) {
    this.workload = workload;
    this.ledger = ledger;
    this.world = world;
    this.clients = clients;
    this.eye = eye;
    this.atlas = atlas;
    this.reach = reach;
    disks = new DiskDamage(world, eye, atlas, reach);
    operator = new Operator(world, options);
  }

  void apply(Act act) {
    if (act.kind().isOfWorkload()) {
      workload.apply(act);
      return;
    }
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
        if (!workload.survivesPowerLoss()) {
          machine(act).kill();
          return;
        }
        machine(act).losePower(act.other() / 1_000.0);
        atlas.powerWasLost();
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
      case FILL_DISK -> {
        machine(act).disk().limitBytes(0);
        if (machine(act).state() == Machine.State.UP && eye.leadsAny(machine(act).id())) {
          reach.count(Reach.Place.FULL_DISK_ON_LEADER);
        }
      }
      case FREE_DISK -> machine(act).disk().limitBytes(Long.MAX_VALUE);
      case SLOW_DISK -> machine(act).setForceMillis(act.other());
      case SHIFT_CLOCK -> machine(act).shiftWallClock(act.other() * 1_000L);
      case FLIP_BIT -> disks.flipBit(machine(act), act.other());
      case EMPTY_DISK -> {
        // Else nobody can tell yet who has copies of the new topic.
        if (!clients.isHolding() && workload.survivesDiskLoss()) {
          disks.empty(machine(act));
        }
      }
      case TAKE_IMAGE -> disks.takeImage(machine(act));
      case RETURN_IMAGE -> {
        if (workload.survivesDiskLoss()) {
          disks.returnImage(machine(act));
        }
      }
      case HOLD_BACK -> network.holdBack(clients.host(act.who()), clients.host(act.other()));
      case DRAIN -> {
        drained.add(machine(act).id());
        operator.drain(machine(act).id());
      }
      case END_DRAIN -> {
        drained.remove(machine(act).id());
        operator.endDrain(machine(act).id());
      }
      case ELECT -> operator.elect(act.who());
      case SET_MINIMUM -> {
        minimumIsChanged = true;
        operator.setMinimum(act.who());
      }
      case ADD_REPLICAS -> operator.addReplicas(act.who());
      case RECREATE_TOPIC -> {
        if (eye.isHidden()) {
          return; // nobody makes a topic anew that the cluster does not know
        }
        String oldId = eye.topicId();
        clients.holdBack();
        operator.recreateTopic(() -> !eye.topicId().equals(oldId));
        untilTopicIsOther(oldId);
      }
      case HIDE_TOPIC -> {
        if (clients.isHolding()) {
          return; // what is put back would be half of the old topic and half of the new one
        }
        eye.topicIsHidden();
        world.ensemble().takeOut(eye::isOfTopic);
      }
      case SHOW_TOPIC -> showTopic();
      default -> throw new IllegalArgumentException(act + " is the workload's");
    }
  }

  /** From then on clients and checks are about the new one alone. */
  private void untilTopicIsOther(String oldId) {
    if (eye.topicId().equals(oldId)) {
      world
          .scheduler()
          .at(world.scheduler().nanoTime() + LOOK_NANOS, () -> untilTopicIsOther(oldId));
    } else {
      reach.count(Reach.Place.TOPIC_MADE_ANEW);
      ledger.forget();
      atlas.forget();
      clients.topicIsNew();
    }
  }

  private void showTopic() {
    world.ensemble().putBack();
    eye.topicIsShown();
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

  /** It is what the options say only once an operator has been heard again. */
  boolean minimumIsChanged() {
    return minimumIsChanged;
  }

  boolean hasFlippedBits() {
    return disks.hasFlippedBits();
  }

  /** Everything that lasts comes to an end; brokers that are down stay so. */
  void end() {
    world.network().heal();
    endAround();
    world.machines().forEach(this::heal);
  }

  /** The same, but for what ails that machine, and for what lies between it and other brokers. */
  void endExceptOf(Machine sick) {
    List<String> hosts = clients.hosts();
    hosts.remove(sick.host());
    for (String one : hosts) {
      for (String other : hosts) {
        if (one.compareTo(other) < 0) {
          world.network().heal(one, other);
        }
      }
      if (clients.isClient(one)) {
        world.network().heal(one, sick.host());
      }
    }
    endAround();
    // Who is an hour behind refuses what clients call now, and may go on leading.
    sick.correctWallClock();
    // A server that is behind for longer than its limit (10 s, usually) leaves the ensemble.
    sick.store().ifPresent(store -> world.ensemble().setLagging(store, false));
    world.machines().stream().filter(machine -> machine != sick).forEach(this::heal);
  }

  private void endAround() {
    workload.endFaults();
    world.network().setResetProbability(0);
    world.network().setDelay(20_000, 300_000);
    world.ensemble().restart();
    world.ensemble().setWriteFaults(0);
    showTopic();
    drained.forEach(operator::endDrain);
    if (minimumIsChanged) {
      operator.resetMinimum();
    }
  }

  private void heal(Machine machine) {
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
