package io.millrace.simulator;

import io.millrace.checker.log.LogProblem;
import io.millrace.simulator.ClusterEye.Seen;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What must come true by itself once the faults have ended (I13): every broker is up, every
 * partition led with all its replicas in sync, everything under way has ended, new records are
 * taken, and a new reader reads all there is.
 */
final class Recovery {
  private final World world;
  private final Options options;
  private final ClusterEye eye;
  private final Ledger ledger;
  private final Clients clients;
  private final Probe probe;
  private @Nullable Reader drain;

  Recovery(World world, Options options, ClusterEye eye, Ledger ledger, Clients clients) {
    this.world = world;
    this.options = options;
    this.eye = eye;
    this.ledger = ledger;
    this.clients = clients;
    probe = new Probe(options, ledger, clients);
  }

  /** Asked now and then; also does what an operator and the clients go on doing meanwhile. */
  @Nullable String missing() {
    world.machines().forEach(Machine::start);
    for (int i = 0; i < clients.readers().size(); i++) {
      clients.poll(i);
    }
    for (Machine machine : world.machines()) {
      if (machine.state() != Machine.State.UP) {
        return machine.host() + " is " + machine.state() + ", " + machine.lastFailure();
      }
    }
    if (!eye.allAreWhole(options.partitions())) {
      return "not every partition is led with all replicas in sync: " + eye.partitions();
    }
    if (!clients.allHaveEnded()) {
      return "records have not ended: " + clients.writers() + ledger.journal().open();
    }
    String unproduced = probe.missing(partition -> false);
    return unproduced != null ? unproduced : drained();
  }

  /**
   * Whether a partition waits for a person: whoever of it is asked for what is committed has a
   * damaged log.
   */
  boolean waitsForAPerson() {
    return eye.partitions().entrySet().stream()
        .anyMatch(each -> members(each.getValue()).allMatch(id -> isDamaged(id, each.getKey())));
  }

  private static Stream<Integer> members(Seen seen) {
    return Stream.concat(
        seen.content().getInSyncList().stream(), seen.content().getEligibleList().stream());
  }

  private boolean isDamaged(int broker, String znode) {
    return Disks.log(
            world.machines().get(broker - 1), Disks.topicIdOf(znode), Disks.partitionOf(znode))
        .problems()
        .stream()
        .anyMatch(problem -> problem.kind() != LogProblem.Kind.EPOCH_LIST);
  }

  /** I14: where bits have flipped, they are found and put right. Asked after the rest. */
  @Nullable String damaged() {
    List<LogProblem> problems = new ArrayList<>();
    eye.partitions()
        .forEach((path, seen) -> problems.addAll(Disks.problems(world, path, seen.content())));
    return problems.isEmpty() ? null : "damage stays: " + problems;
  }

  private @Nullable String drained() {
    if (drain == null) {
      drain = clients.newReader();
    }
    List<String> behind = new ArrayList<>();
    List<Reader> all = new ArrayList<>(clients.readers());
    all.add(drain);
    drain.poll();
    for (Reader reader : all) {
      if (!reader.isAtEnd()) {
        behind.add(reader.host().name());
      }
    }
    return behind.isEmpty() ? null : "not read to the end by " + behind;
  }

  /** Who has read everything from the beginning, after {@link #missing} was null. */
  Reader drain() {
    Reader reader = drain;
    if (reader == null) {
      throw new IllegalStateException("the cluster has not recovered");
    }
    return reader;
  }
}
