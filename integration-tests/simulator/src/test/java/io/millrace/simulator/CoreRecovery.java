package io.millrace.simulator;

import io.millrace.simulator.ClusterEye.Seen;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * I13 where one broker stays as sick as the faults have left it: dead, asleep, without room, cut
 * off. The others must serve without it every partition of which they have what is committed.
 */
final class CoreRecovery {
  private final World world;
  private final ClusterEye eye;
  private final Clients clients;
  private final Probe probe;
  private final Machine sick;

  CoreRecovery(
      World world, Options options, ClusterEye eye, Ledger ledger, Clients clients, Machine sick) {
    this.world = world;
    this.eye = eye;
    this.clients = clients;
    this.sick = sick;
    probe = new Probe(options, ledger, clients);
  }

  /** Asked now and then. */
  @Nullable String missing() {
    for (int i = 0; i < clients.readers().size(); i++) {
      clients.poll(i);
    }
    for (Machine machine : world.machines()) {
      if (machine != sick) {
        machine.start();
        if (machine.state() != Machine.State.UP) {
          return machine.host() + " is " + machine.state() + ", " + machine.lastFailure();
        }
      }
    }
    String what = probe.missing(this::needsTheSick);
    return what == null
        ? null
        : what + " while " + sick.host() + " stays as it is; " + eye.partitions();
  }

  /** Only it can tell what is committed there, or has to be asked before anybody leads. */
  private boolean needsTheSick(int partition) {
    Seen seen = eye.partition(partition);
    if (seen == null) {
      return false;
    }
    Set<Integer> others = new HashSet<>(seen.content().getInSyncList());
    others.addAll(seen.content().getEligibleList());
    others.remove(sick.id());
    return others.isEmpty() || seen.content().getRollCallCount() > 0;
  }
}
