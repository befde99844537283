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
 * One run: a cluster is started, then anything may happen to it (safety phase), then nothing does
 * and it must recover (liveness phase), then everything is checked.
 */
final class Run {
  private static final long MILLI = 1_000_000;
  private static final long BOOT_NANOS = 20 * World.SECOND;
  private static final long RECOVERY_NANOS = 30 * World.SECOND;
  private static final long POLL_NANOS = 20 * MILLI;

  private final Options options;
  private final List<Act> schedule;
  private final World world;
  private final Reach reach = new Reach();
  private final ClusterEye eye;
  private final Ledger ledger;
  private final Invariants invariants;
  private long steps;

  private Run(Options options, List<Act> schedule) {
    this.options = options;
    this.schedule = schedule;
    world = new World(options.seed(), options.brokers(), options.brokerSettings());
    eye = new ClusterEye(world, reach);
    invariants = new Invariants(world, eye, reach);
    ledger = new Ledger(world.scheduler());
    world.ensemble().observe(eye);
  }

  static Verdict of(long seed) {
    Options options = Options.of(seed);
    return of(options, Schedule.of(options));
  }

  static Verdict of(Options options, List<Act> schedule) {
    Run run = new Run(options, schedule);
    run.go();
    return new Verdict(
        options.seed(),
        Optional.ofNullable(run.world.violation()),
        run.world.scheduler().trace(),
        run.steps,
        run.world.scheduler().nanoTime(),
        run.reach);
  }

  private void go() {
    if (!boot()) {
      return;
    }
    Clients clients = new Clients(world, options, ledger);
    CopyAtlas atlas = new CopyAtlas(world, eye, ledger, reach);
    Faults faults = new Faults(world, clients, atlas);
    if (!letWork(clients) || !safety(faults)) {
      return;
    }
    faults.end();
    Recovery recovery = new Recovery(world, options, eye, ledger, clients);
    until(Rule.I13_RECOVERS, recovery::missing, RECOVERY_NANOS);
    reach.count(Reach.Place.ACKNOWLEDGED, ledger.acknowledgedCount());
    if (world.violation() == null) {
      new FinalChecks(world, options, eye, ledger, clients, atlas, recovery.drain()).apply();
    }
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
  private boolean letWork(Clients clients) {
    Options.NetworkOptions network = options.network();
    boolean ready =
        until(
            Rule.I13_RECOVERS,
            () -> clients.writers().stream().allMatch(Writer::isReady) ? null : "clients are lost",
            BOOT_NANOS);
    world.network().setDelay(20_000, network.maxDelayNanos());
    world.network().setMaxPieceSize(network.maxPieceSize());
    world.network().setResetProbability(network.resetProbability());
    world.ensemble().setWriteFaults(options.unknownWritesPerThousand());
    return ready;
  }

  private boolean safety(Faults faults) {
    long begin = world.scheduler().nanoTime();
    for (Act act : schedule) {
      world.scheduler().at(begin + act.atNanos(), () -> faults.apply(act));
    }
    boolean[] over = new boolean[1];
    world.scheduler().at(begin + options.safetyNanos(), () -> over[0] = true);
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
