package io.millrace.client.fake;

import io.millrace.rpc.MemoryNetwork;
import io.millrace.rpc.MemoryTransport;
import io.millrace.rpc.SimulatedScheduler;
import io.millrace.rpc.SimulatedTasks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Brokers and one client's host in virtual time, on one thread. */
public final class SimulatedWorld {
  private final SimulatedScheduler scheduler;
  private final MemoryNetwork network;
  private final FakeCluster cluster = new FakeCluster();
  private final Map<Integer, FakeBroker> brokers = new LinkedHashMap<>();
  private final Map<Integer, MemoryTransport> transports = new LinkedHashMap<>();
  private final SimulatedTasks clientTasks;
  private final MemoryTransport clientTransport;

  public SimulatedWorld(long seed, int brokerCount) {
    scheduler = new SimulatedScheduler(seed);
    network = new MemoryNetwork(scheduler);
    for (int id = 1; id <= brokerCount; id++) {
      startBroker(id, 1);
    }
    clientTasks = new SimulatedTasks(scheduler);
    clientTransport = new MemoryTransport(network, "client", clientTasks, 1);
  }

  /** A new life of that broker. */
  public FakeBroker startBroker(int id, int incarnation) {
    SimulatedTasks tasks = new SimulatedTasks(scheduler);
    MemoryTransport transport = new MemoryTransport(network, host(id), tasks, 1);
    try {
      FakeBroker broker = new FakeBroker(cluster, id, transport, host(id));
      broker.register(incarnation);
      brokers.put(id, broker);
      transports.put(id, transport);
      return broker;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As kill -9. */
  public void killBroker(int id) {
    MemoryTransport transport = transports.remove(id);
    if (transport != null) {
      transport.kill();
    }
  }

  public static String host(int brokerId) {
    return "b" + brokerId;
  }

  /** The address that names these brokers. */
  public String given(int... brokerIds) {
    return IntStream.of(brokerIds)
        .mapToObj(id -> broker(id).address().toString())
        .collect(Collectors.joining(",", "broker://", ""));
  }

  public SimulatedScheduler scheduler() {
    return scheduler;
  }

  public MemoryNetwork network() {
    return network;
  }

  public FakeCluster cluster() {
    return cluster;
  }

  public FakeBroker broker(int id) {
    FakeBroker broker = brokers.get(id);
    if (broker == null) {
      throw new IllegalStateException("no broker " + id);
    }
    return broker;
  }

  public SimulatedTasks clientTasks() {
    return clientTasks;
  }

  public MemoryTransport clientTransport() {
    return clientTransport;
  }

  public void runFor(Duration time) {
    scheduler.runFor(time.toNanos());
  }

  /** Fails when it has not come true within ten virtual minutes. */
  public void await(String what, BooleanSupplier condition) {
    scheduler.runUntil(what, condition, Duration.ofMinutes(10).toNanos());
  }
}
