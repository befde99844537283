package io.millrace.simulator;

import io.millrace.client.Admin;
import io.millrace.client.AdminSettings;
import io.millrace.client.NewTopic;
import io.millrace.client.SimulatedClients;
import io.millrace.client.TopicDescription;
import io.millrace.simulator.Violation.Rule;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One run: a cluster is started, and then, in each of its rounds, anything may happen to it (safety
 * phase), then nothing does and it must recover (liveness phase), and everything is checked.
 */
final class Run {
  private static final long MILLI = 1_000_000;
  private static final long BOOT_NANOS = 20 * World.SECOND;
  private static final long RECOVERY_NANOS = 30 * World.SECOND;

  /** A call of a member that met a broker at the wrong time takes 30 seconds to find that out. */
  private static final long WORKLOAD_NANOS = 60 * World.SECOND;

  private static final int USUAL_PIECE_SIZE = 64 << 10;
  private static final long POLL_NANOS = 20 * MILLI;

  /** {@code replica.lag.time.ms}, by itself. */
  private static final long LAG_NANOS = 10 * World.SECOND;

  /** Of the first round: cluster and clients are the same in all. */
  private final Options options;

  private final List<Round> rounds;
  private final World world;
  private final Reach reach = new Reach();
  private final ClusterEye eye;
  private final Ledger ledger;
  private final Invariants invariants;
  private int roundsDone;
  private long faultsDone;
  private long steps;

  private Run(List<Round> rounds) {
    this.options = rounds.get(0).options();
    this.rounds = rounds;
    world = new World(options.seed(), options.brokers(), options.brokerSettings());
    eye = new ClusterEye(world, reach);
    ledger = new Ledger(world.scheduler());
    invariants = new Invariants(world, eye, reach, ledger);
    world.ensemble().observe(eye);
  }

  static Verdict of(long seed, Swarm swarm) {
    return of(Round.ofSeed(seed, swarm));
  }

  static Verdict of(Options options, List<Act> schedule) {
    return of(List.of(new Round(options, schedule)));
  }

  /**
   * @param rounds at least one, of the same seed
   */
  static Verdict of(List<Round> rounds) {
    Run run = new Run(rounds);
    run.go();
    return new Verdict(
        run.options.seed(),
        Optional.ofNullable(run.world.violation()),
        run.world.scheduler().trace(),
        run.roundsDone,
        run.faultsDone,
        run.steps,
        run.world.scheduler().nanoTime(),
        run.reach);
  }

  private void go() {
    if (!boot()) {
      return;
    }
    Clients clients = new Clients(world, options, ledger);
    CopyAtlas atlas = new CopyAtlas(world, options, eye, ledger, reach);
    invariants.excuseWhere(atlas::lossIsPermitted);
    try (Workload workload = workload()) {
      if (!findTheTopic(clients) || !until(Rule.I13_RECOVERS, workload::begin, BOOT_NANOS)) {
        return;
      }
      for (Round round : rounds) {
        if (!play(round, clients, atlas, workload)) {
          break;
        }
      }
      reach.count(Reach.Place.ACKNOWLEDGED, ledger.acknowledgedCount());
    }
  }

  private Workload workload() {
    return switch (options.workload()) {
      case NONE -> Workload.NONE;
      case GROUP -> new GroupWorkload(world, options, eye, ledger, reach);
      case KEYED -> new KeyedWorkload(world, options, eye, reach);
    };
  }

  /** False when the run is over. */
  private boolean play(Round round, Clients clients, CopyAtlas atlas, Workload workload) {
    roundsDone++;
    faultsDone += round.faults();
    Faults faults =
        new Faults(world, round.options(), clients, eye, ledger, atlas, workload, reach);
    if (!safety(round, faults)) {
      return false;
    }
    if (faults.hasFlippedBits() && atlas.lossIsPermitted()) {
      return false; // what may be the only copy left is damaged, and waits for a person
    }
    world.network().setMaxPieceSize(USUAL_PIECE_SIZE);
    if (!coreRecovers(round.options(), faults, clients)) {
      return false;
    }
    faults.end();
    Recovery recovery = new Recovery(world, round.options(), eye, ledger, clients);
    boolean isWhole =
        faults.hasFlippedBits()
            ? recoversFromDamage(recovery)
            : until(Rule.I13_RECOVERS, recovery::missing, RECOVERY_NANOS);
    if (!isWhole) {
      return false;
    }
    Reader drain = recovery.drain();
    boolean bitsWereFlipped = reach.of(Reach.Place.BIT_FLIPPED) > 0;
    new FinalChecks(world, round.options(), eye, ledger, clients, atlas, bitsWereFlipped, drain)
        .apply();
    drain.kill();
    if (world.violation() != null || atlas.lossIsPermitted()) {
      return false;
    }
    if (!until(Rule.I13_RECOVERS, workload::missing, WORKLOAD_NANOS)) {
      return false;
    }
    workload.check();
    // What may be lost hides what may not: a world that has lost something is not used again.
    return world.violation() == null && !atlas.lossIsPermitted();
  }

  /** False also where the only copy left is damaged: that waits for a person. */
  private boolean recoversFromDamage(Recovery recovery) {
    Missing all =
        () -> {
          String what = recovery.missing();
          return what == null ? recovery.damaged() : what;
        };
    long end = world.scheduler().nanoTime() + RECOVERY_NANOS;
    boolean[] waits = new boolean[1];
    boolean isOver =
        until(
            Rule.I13_RECOVERS,
            () -> {
              waits[0] = world.scheduler().nanoTime() >= end && recovery.waitsForAPerson();
              return waits[0] ? null : all.yet();
            },
            RECOVERY_NANOS + 2 * POLL_NANOS);
    return isOver && !waits[0];
  }

  /**
   * Where one machine stays sick for a while, the others have to do without it; but a new topic is
   * made only when there are brokers for all its replicas.
   */
  private boolean coreRecovers(Options its, Faults faults, Clients clients) {
    boolean wantsAll =
        faults.minimumIsChanged() || its.faults().containsKey(Options.Fault.NEW_TOPIC);
    if (its.sick() == Options.NOBODY || wantsAll) {
      return true;
    }
    Machine sick = world.machines().get(its.sick());
    faults.endExceptOf(sick);
    reach.count(Reach.Place.DONE_WITHOUT_THE_SICK);
    CoreRecovery core = new CoreRecovery(world, its, eye, ledger, clients, sick);
    // A follower whose disk is full holds producers up for its lag time, once in each partition.
    long within = RECOVERY_NANOS + its.partitions() * LAG_NANOS;
    return until(Rule.I13_RECOVERS, core::missing, within);
  }

  /** Brokers and the topic, before anything goes wrong. */
  private boolean boot() {
    world.machines().forEach(Machine::start);
    if (!until(
        Rule.I13_RECOVERS,
        () ->
            world.machines().stream().allMatch(machine -> machine.state() == Machine.State.UP)
                ? null
                : "not all brokers have started",
        BOOT_NANOS)) {
      return false;
    }
    AdminSettings settings =
        AdminSettings.builder(world.bootstrap())
            .clientId("admin")
            .defaultApiTimeout(Duration.ofSeconds(5))
            .metricsInterval(Duration.ofHours(1))
            .build();
    ClientHost host = new ClientHost(world, "admin", settings, false);
    Admin admin =
        SimulatedClients.admin(settings, host.tasks(), host.transport(), host.discovery());
    boolean[] made = new boolean[1];
    CompletableFuture<TopicDescription> unused =
        admin
            .createTopic(
                new NewTopic(Ledger.TOPIC, options.partitions(), options.replicas())
                    .withSettings(options.topicSettings()))
            .whenComplete(
                (topic, failure) -> {
                  if (failure != null) {
                    world.violated(Rule.I13_RECOVERS, "the topic cannot be made: " + failure);
                  }
                  made[0] = true;
                });
    boolean ready =
        until(
            Rule.I13_RECOVERS,
            () -> made[0] && eye.allAreLed(options.partitions()) ? null : "the topic is not led",
            BOOT_NANOS);
    host.kill();
    return ready;
  }

  /** Until everybody has found the topic: what they cannot do before tests nothing. */
  private boolean findTheTopic(Clients clients) {
    return until(
        Rule.I13_RECOVERS,
        () -> clients.writers().stream().allMatch(Writer::isReady) ? null : "clients are lost",
        BOOT_NANOS);
  }

  private boolean safety(Round round, Faults faults) {
    Options its = round.options();
    Options.NetworkOptions network = its.network();
    world.network().setDelay(20_000, network.maxDelayNanos());
    world.network().setMaxPieceSize(network.maxPieceSize());
    world.network().setResetProbability(network.resetProbability());
    world.ensemble().setWriteFaults(its.unknownWritesPerThousand());
    long begin = world.scheduler().nanoTime();
    for (Act act : round.acts()) {
      world.scheduler().at(begin + act.atNanos(), () -> faults.apply(act));
    }
    boolean[] over = new boolean[1];
    world.scheduler().at(begin + its.safetyNanos(), () -> over[0] = true);
    while (!over[0]) {
      if (!step()) {
        return false;
      }
    }
    return true;
  }

  /** False when a promise was broken. */
  private boolean step() {
    world.scheduler().step();
    steps++;
    invariants.check();
    if (world.scheduler().hasThrown()) {
      Throwable thrown = world.scheduler().thrown().get(0);
      StackTraceElement[] trace = thrown.getStackTrace();
      world.violated(Rule.NOTHING_THROWN, thrown + (trace.length == 0 ? "" : " at " + trace[0]));
    }
    return world.violation() == null;
  }

  /**
   * @param missing what is still to come true, or null
   */
  private boolean until(Rule rule, Missing missing, long withinNanos) {
    long end = world.scheduler().nanoTime() + withinNanos;
    long lookNanos = 0;
    while (true) {
      if (world.scheduler().nanoTime() >= lookNanos) {
        String what = missing.yet();
        if (what == null) {
          return world.violation() == null;
        }
        if (world.scheduler().nanoTime() > end) {
          world.violated(rule, "after %d s: %s".formatted(withinNanos / World.SECOND, what));
          return false;
        }
        lookNanos = world.scheduler().nanoTime() + POLL_NANOS;
        // So that time gets there also when nobody has anything to do.
        world.scheduler().at(lookNanos, () -> {});
      }
      if (!step()) {
        return false;
      }
    }
  }

  @FunctionalInterface
  private interface Missing {
    @Nullable String yet();
  }
}
