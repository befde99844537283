package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.MemoryEnsemble;
import io.millrace.coordination.store.MemoryStore;
import io.millrace.coordination.store.OnLoop;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.MemoryNetwork;
import io.millrace.rpc.MemoryTransport;
import io.millrace.rpc.SimulatedScheduler;
import io.millrace.rpc.SimulatedTasks;
import io.millrace.rpc.SlowDiskTasks;
import io.millrace.server.config.SettingsLoader;
import io.millrace.server.health.BrokerHealth;
import io.millrace.server.partition.Shard;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.TopicInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Brokers, their disks, ZooKeeper and clients on one thread in virtual time. The same seed runs the
 * same way.
 */
public final class SimulatedCluster {
  public static final long SECOND = 1_000_000_000;
  static final Path DISK_ROOT = Path.of("/disk");
  static final Path DATA = DISK_ROOT.resolve("data");
  private static final long MAX_FORCE_NANOS = 4_000_000;

  final SimulatedScheduler scheduler;
  final MemoryEnsemble ensemble;
  final MemoryNetwork network;
  private final SimulatedTasks clientTasks;
  private final MemoryTransport clientTransport;
  private final MemoryStore operator;

  public SimulatedCluster(long seed) {
    scheduler = new SimulatedScheduler(seed);
    ensemble = new MemoryEnsemble(new SimulatedTasks(scheduler));
    network = new MemoryNetwork(scheduler);
    clientTasks = new SimulatedTasks(scheduler);
    clientTransport = new MemoryTransport(network, "client", clientTasks, 1);
    operator = ensemble.connect(new SimulatedTasks(scheduler).worker("zk-shell"), 60_000);
  }

  /** One broker over its lives: its disk stays, all else is made anew. */
  public final class Machine {
    final int id;
    final MemoryDisk disk;
    final Map<String, String> settings = new HashMap<>();
    final List<Failure> fatal = new ArrayList<>();
    private @Nullable SimulatedTasks tasks;
    private @Nullable MemoryTransport transport;
    private @Nullable MemoryStore store;
    private @Nullable Broker broker;

    Machine(int id) {
      this.id = id;
      this.disk = new MemoryDisk(scheduler.random().nextLong(), DISK_ROOT);
    }

    CompletableFuture<StartOutcome> begin() {
      Map<String, String> all = new HashMap<>(settings);
      all.put("broker.id", Integer.toString(id));
      all.put("data.directory", DATA.toString());
      all.put("listener.client", "broker-" + id + ":0");
      all.put("listener.internal", "broker-" + id + ":0");
      all.put("listener.metrics", "");
      all.put("insecure", "true");
      SettingsLoader.Outcome outcome = SettingsLoader.load(Optional.empty(), Map.of(), all);
      assertThat(outcome).isInstanceOf(SettingsLoader.Outcome.Loaded.class);
      SimulatedTasks life = new SimulatedTasks(scheduler);
      MemoryTransport network =
          new MemoryTransport(SimulatedCluster.this.network, "broker-" + id, life, 2);
      tasks = life;
      transport = network;
      Broker born =
          new Broker(
              ((SettingsLoader.Outcome.Loaded) outcome).settings(),
              new BrokerSeams(
                  network,
                  BrokerSeams.HttpOpener.OFF,
                  disk,
                  new SlowDiskTasks(life, () -> MAX_FORCE_NANOS),
                  (cluster, its) -> open(life, cluster.timeouts().sessionMillis())),
              fatal::add);
      broker = born;
      return born.start().toCompletableFuture();
    }

    private ClusterStore open(SimulatedTasks life, int sessionMillis) {
      MemoryStore opened = ensemble.connect(life.worker("zk-events"), sessionMillis);
      store = opened;
      return opened;
    }

    StartOutcome.Ready start() {
      StartOutcome outcome = await(begin());
      assertThat(outcome).isInstanceOf(StartOutcome.Ready.class);
      return (StartOutcome.Ready) outcome;
    }

    /** The caller leaves the network when it has ended. */
    CompletableFuture<Boolean> beginStop() {
      return present(broker).stop().toCompletableFuture();
    }

    boolean stop() {
      CompletableFuture<Boolean> stopped = beginStop();
      boolean clean = await(stopped);
      present(transport).close();
      return clean;
    }

    /** {@code kill -9}: nothing runs any more, what was written is in the page cache. */
    void kill() {
      present(transport).kill();
      disk.killProcess();
    }

    /** The machine goes dark, and what was not forced is gone, all of it or some. */
    void losePower() {
      losePower(0.8);
    }

    void losePower(double lossChance) {
      present(transport).kill();
      disk.losePower(lossChance);
    }

    /** A new disk in the old one's place. */
    void wipe() {
      disk.restore(new MemoryDisk(scheduler.random().nextLong(), DISK_ROOT));
    }

    /** After a start that failed, or a stop that was begun. */
    void leaveNetwork() {
      present(transport).close();
    }

    /** What it leads and copies, for who has to do what no request can. */
    List<Shard> shards() {
      return present(broker).shards();
    }

    BrokerHealth health() {
      return present(broker).health();
    }

    MemoryStore store() {
      return present(store);
    }

    SimulatedTasks tasks() {
      return present(tasks);
    }
  }

  private static <T> T present(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("not started");
    }
    return value;
  }

  Machine machine(int id) {
    return new Machine(id);
  }

  TestClient client(Endpoint to) {
    return await(TestClient.connect(clientTransport, 0, to));
  }

  CompletableFuture<TestClient> connect(Endpoint to) {
    return TestClient.connect(clientTransport, 0, to);
  }

  <T> T await(CompletableFuture<T> future) {
    scheduler.runUntil("a stage completes", future::isDone, 120 * SECOND);
    return future.join();
  }

  void await(String what, BooleanSupplier condition) {
    scheduler.runUntil(what, condition, 60 * SECOND);
  }

  /** Looks or writes as a person with ZooKeeper's shell. */
  <T> T byHand(Function<ClusterStore, CompletionStage<T>> action) {
    scheduler.runFor(SECOND / 100);
    return await(OnLoop.call(operator.loop(), () -> action.apply(operator)).toCompletableFuture());
  }

  /** Begins what a person with ZooKeeper's shell, or a program gone wild, does meanwhile. */
  void beginByHand(Consumer<ClusterStore> action) {
    operator.loop().execute(() -> action.accept(operator));
  }

  TopicInfo create(TestClient client, String name, int partitions, Map<String, String> settings) {
    TopicInfo created =
        TestClient.good(await(client.createTopic(name, partitions, settings)))
            .response()
            .getCreateTopic()
            .getTopic();
    for (int partition = 0; partition < partitions; partition++) {
      awaitLed(client, created.getTopicId(), partition);
    }
    return created;
  }

  void awaitLed(TestClient client, String topicId, int partition) {
    awaitLedAt(client, topicId, partition, 0);
  }

  /** Of a log that begins later. */
  void awaitLedAt(TestClient client, String topicId, int partition, long offset) {
    for (int tries = 0; tries < 1_000; tries++) {
      ErrorCode code =
          TestClient.good(await(client.fetch(topicId, partition, offset, 0)))
              .response()
              .getFetch()
              .getResults(0)
              .getError()
              .getCode();
      if (code == ErrorCode.ERROR_CODE_UNSPECIFIED) {
        return;
      }
      scheduler.runFor(SECOND / 100);
    }
    throw new AssertionError(topicId + "-" + partition + " is not led");
  }
}
