package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.BooleanSupplier;

/** Two hosts, {@code near} and {@code far}, in virtual time. */
public final class MemoryWorld implements TransportWorld {
  private final SimulatedScheduler scheduler;
  private final MemoryNetwork network;
  private final SimulatedTasks nearTasks;
  private final SimulatedTasks farTasks;
  private final MemoryTransport near;
  private final MemoryTransport far;

  public MemoryWorld(long seed) {
    scheduler = new SimulatedScheduler(seed);
    network = new MemoryNetwork(scheduler);
    nearTasks = new SimulatedTasks(scheduler);
    farTasks = new SimulatedTasks(scheduler);
    near = new MemoryTransport(network, "near", nearTasks, 1);
    far = new MemoryTransport(network, "far", farTasks, 2);
  }

  public SimulatedScheduler scheduler() {
    return scheduler;
  }

  public MemoryNetwork network() {
    return network;
  }

  @Override
  public MemoryTransport near() {
    return near;
  }

  @Override
  public MemoryTransport far() {
    return far;
  }

  @Override
  public Endpoint address() {
    return new Endpoint("far", 0);
  }

  @Override
  public Endpoint silentAddress() {
    network.cutBothWays("near", "far");
    return new Endpoint("far", 1);
  }

  @Override
  public void await(String what, BooleanSupplier condition) {
    scheduler.runUntil(what, condition, 30_000_000_000L);
  }

  @Override
  public void pass(long millis) {
    scheduler.runFor(millis * 1_000_000);
  }

  @Override
  public void whileBusy(EventLoop loop, Runnable action) {
    SimulatedTasks busy = far.loops().contains(loop) ? farTasks : nearTasks;
    busy.pause();
    action.run();
    pass(100);
    busy.resume();
  }

  @Override
  public long outstandingBuffers() {
    return network.outstandingBuffers();
  }

  @Override
  public void forgiveThrown() {
    scheduler.forgiveThrown();
  }

  @Override
  public void close() {
    near.close();
    far.close();
    assertThat(scheduler.thrown()).as("thrown by tasks").isEmpty();
    assertThat(network.outstandingBuffers()).as("buffers not given back").isZero();
  }
}
