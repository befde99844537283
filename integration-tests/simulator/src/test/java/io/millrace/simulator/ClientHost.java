package io.millrace.simulator;

import io.millrace.client.ClientSettings;
import io.millrace.client.Discovery;
import io.millrace.client.SimulatedClients;
import io.millrace.client.cluster.ZooKeeperDiscovery;
import io.millrace.coordination.store.MemoryStore;
import io.millrace.coordination.view.ClusterViews;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.MemoryTransport;
import io.millrace.rpc.SimulatedTasks;
import org.jspecify.annotations.Nullable;

/** What one client process runs on: time, loop, network, and its way of finding leaders. */
final class ClientHost {
  private static final int SESSION_MILLIS = 2_000;

  private final String name;
  private final SimulatedTasks tasks;
  private final MemoryTransport transport;
  private final Discovery discovery;
  private @Nullable MemoryStore store;

  /**
   * @param name of the host in the network; used once, because a process ends with its host
   * @param throughZooKeeper finds leaders by watching ZooKeeper, else by asking brokers
   */
  ClientHost(World world, String name, ClientSettings settings, boolean throughZooKeeper) {
    this.name = name;
    tasks = new SimulatedTasks(world.scheduler());
    transport = new MemoryTransport(world.network(), name, tasks, 1);
    if (throughZooKeeper) {
      MemoryStore opened = world.ensemble().connect(tasks.worker("zk"), SESSION_MILLIS);
      store = opened;
      discovery = new ZooKeeperDiscovery(ClusterViews.ofChosenTopics(opened));
    } else {
      discovery = SimulatedClients.throughBrokers(settings, tasks, transport);
    }
  }

  String name() {
    return name;
  }

  SimulatedTasks tasks() {
    return tasks;
  }

  MemoryTransport transport() {
    return transport;
  }

  Discovery discovery() {
    return discovery;
  }

  EventLoop loop() {
    return SimulatedClients.loop(transport);
  }

  /** As {@code kill -9}. */
  void kill() {
    transport.kill();
  }

  @Nullable MemoryStore store() {
    return store;
  }
}
