package io.millrace.simulator;

import io.millrace.coordination.store.MemoryStore;
import io.millrace.rpc.MemoryTransport;
import io.millrace.rpc.SimulatedTasks;
import io.millrace.rpc.SlowDiskTasks;
import io.millrace.server.broker.Broker;
import io.millrace.server.broker.BrokerProbe;
import io.millrace.server.broker.BrokerSeams;
import io.millrace.server.broker.Failure;
import io.millrace.server.broker.StartOutcome;
import io.millrace.server.config.BrokerSettings;
import io.millrace.server.config.SettingsLoader;
import io.millrace.server.partition.Shard;
import io.millrace.storage.files.MemoryDisk;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One broker over its lives: its disk stays, all else is made anew with each start. Owner: the
 * world's thread, outside of any loop.
 */
final class Machine {
  static final int CLIENT_PORT = 7272;
  static final int INTERNAL_PORT = 7273;
  static final Path DISK_ROOT = Path.of("/disk");
  static final Path DATA = DISK_ROOT.resolve("data");
  private static final int LOOPS = 2;
  private static final long USUAL_FORCE_NANOS = 2_000_000;
  private static final long RESTART_NANOS = 250_000_000;

  /** What the process is doing. */
  enum State {
    DOWN,
    STARTING,
    UP,
    STOPPING
  }

  private final World world;
  private final int id;
  private final MemoryDisk disk;
  private final BrokerSettings settings;
  private final BrokerSettings settingsForNewDisk;
  private boolean hasNewDisk;
  private State state = State.DOWN;
  private long wallShiftMillis;
  private int life;
  private long maxForceNanos = USUAL_FORCE_NANOS;
  private @Nullable Failure lastFailure;

  /** Something of its disk or page cache is gone, and it has not been up since. */
  private boolean isInDoubt;

  // Of this life.
  private @Nullable SimulatedTasks tasks;
  private @Nullable MemoryTransport transport;
  private @Nullable MemoryStore store;
  private @Nullable Broker broker;

  Machine(World world, int id, Map<String, String> settings) {
    this.world = world;
    this.id = id;
    this.disk = new MemoryDisk(world.scheduler().random().nextLong(), DISK_ROOT);
    this.settings = load(id, settings, false);
    this.settingsForNewDisk = load(id, settings, true);
  }

  private static BrokerSettings load(int id, Map<String, String> settings, boolean hasNewDisk) {
    Map<String, String> all = new HashMap<>(settings);
    all.put("broker.id", Integer.toString(id));
    all.put("data.directory", DATA.toString());
    all.put("listener.client", host(id) + ":" + CLIENT_PORT);
    all.put("listener.internal", host(id) + ":" + INTERNAL_PORT);
    all.put("listener.metrics", "");
    all.put("insecure", "true");
    all.put("data.directory.new", Boolean.toString(hasNewDisk));
    SettingsLoader.Outcome outcome = SettingsLoader.load(Optional.empty(), Map.of(), all);
    if (outcome instanceof SettingsLoader.Outcome.Loaded loaded) {
      return loaded.settings();
    }
    throw new IllegalArgumentException("settings of broker " + id + ": " + outcome);
  }

  static String host(int id) {
    return "broker-" + id;
  }

  int id() {
    return id;
  }

  String host() {
    return host(id);
  }

  State state() {
    return state;
  }

  MemoryDisk disk() {
    return disk;
  }

  /** Why the last process that ended by itself did so. */
  Optional<Failure> lastFailure() {
    return Optional.ofNullable(lastFailure);
  }

  /** Of the process that runs, or ran last. */
  SimulatedTasks tasks() {
    if (tasks == null) {
      throw new IllegalStateException(host() + " has never run");
    }
    return tasks;
  }

  Optional<MemoryStore> store() {
    return Optional.ofNullable(store);
  }

  /** Nothing when it runs already. */
  void start() {
    if (state != State.DOWN) {
      return;
    }
    state = State.STARTING;
    int thisLife = ++life;
    SimulatedTasks its = new SimulatedTasks(world.scheduler());
    MemoryTransport network = new MemoryTransport(world.network(), host(), its, LOOPS);
    its.shiftWallClock(wallShiftMillis);
    tasks = its;
    transport = network;
    store = null;
    Broker born =
        new Broker(
            hasNewDisk ? settingsForNewDisk : settings,
            new BrokerSeams(
                network,
                BrokerSeams.HttpOpener.OFF,
                disk,
                new SlowDiskTasks(its, () -> maxForceNanos),
                (cluster, unused) -> {
                  MemoryStore opened =
                      world
                          .ensemble()
                          .connect(its.worker("zk-events"), cluster.timeouts().sessionMillis());
                  store = opened;
                  return opened;
                }),
            failure -> world.soon(() -> died(thisLife, failure)));
    broker = born;
    born.start()
        .whenComplete(
            (outcome, bug) ->
                world.soon(
                    () -> {
                      if (bug != null) {
                        throw new IllegalStateException(host() + " does not start", bug);
                      }
                      started(thisLife, outcome);
                    }));
  }

  private void started(int ofLife, StartOutcome outcome) {
    if (ofLife != life || state != State.STARTING) {
      return;
    }
    if (outcome instanceof StartOutcome.Failed failed) {
      died(ofLife, failed.failure());
    } else {
      state = State.UP;
      hasNewDisk = false; // the operator said so once
      isInDoubt = false;
    }
  }

  /** The process has said why it cannot go on, and exits. */
  private void died(int ofLife, Failure failure) {
    if (ofLife == life && state != State.DOWN) {
      lastFailure = failure;
      kill();
      // As whatever watches over a real process.
      world
          .scheduler()
          .at(
              world.scheduler().nanoTime() + RESTART_NANOS,
              () -> {
                if (life == ofLife) {
                  start();
                }
              });
    }
  }

  /** As SIGTERM. Nothing when it does not run. */
  void stop() {
    if (state != State.UP || broker == null) {
      return;
    }
    state = State.STOPPING;
    int thisLife = life;
    broker
        .stop()
        .whenComplete(
            (clean, bug) ->
                world.soon(
                    () -> {
                      if (thisLife == life && state == State.STOPPING) {
                        kill(); // what is left of the process exits
                      }
                    }));
  }

  /** {@code kill -9}: nothing runs any more, what was written is in the page cache. */
  void kill() {
    if (state != State.DOWN && transport != null) {
      state = State.DOWN;
      transport.kill();
      disk.killProcess();
    }
  }

  /** The machine goes dark; of what was not forced, each piece is lost with this probability. */
  void losePower(double lossChance) {
    kill();
    disk.losePower(lossChance);
    isInDoubt = true;
  }

  /** While the machine is down. */
  void replaceDisk(MemoryDisk content, boolean isEmpty) {
    disk.restore(content);
    hasNewDisk |= isEmpty;
  }

  /** Forces take up to so long; 0: what is usual. */
  void setForceMillis(int millis) {
    maxForceNanos = millis == 0 ? USUAL_FORCE_NANOS : millis * 1_000_000L;
  }

  /** As SIGSTOP; lasts until {@link #resume}, not over the process' end. */
  void pause() {
    if (state != State.DOWN) {
      tasks().pause();
    }
  }

  void resume() {
    if (state != State.DOWN) {
      tasks().resume();
    }
  }

  /** The machine's, so that it outlasts the process. */
  void shiftWallClock(long millis) {
    wallShiftMillis += millis;
    if (state != State.DOWN) {
      tasks().shiftWallClock(millis);
    }
  }

  /** As a time server that is right again. */
  void correctWallClock() {
    shiftWallClock(-wallShiftMillis);
  }

  Path partitionDirectory(String topicId, int partition) {
    return DATA.resolve(topicId + "-" + partition);
  }

  // ---- For who looks from outside --------------------------------------------------------------

  /** Whether its next start has to leave the in-sync sets, and has not done so yet. */
  boolean isInDoubt() {
    return isInDoubt;
  }

  /** How many processes have been started here. */
  int life() {
    return life;
  }

  boolean runsOn(SimulatedTasks its) {
    return state != State.DOWN && tasks == its;
  }

  List<Shard> shards() {
    Broker running = broker;
    return running == null || state == State.DOWN ? List.of() : BrokerProbe.shards(running);
  }
}
