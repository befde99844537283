package io.millrace.coordination.membership;

import io.millrace.coordination.store.MemoryStore;
import io.millrace.coordination.store.MemoryWorld;
import io.millrace.rpc.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A broker's membership, and what it hears, in a process of its own. */
public final class BrokerProcess implements RegistrationListener, DoubtfulStart {
  private final MemoryWorld world;
  private final MemoryStore store;
  private final BrokerRegistration registration;
  private final List<String> heard = new ArrayList<>();

  /** What a doubtful start answers, by turns; true when it is empty. */
  private final List<Boolean> leaving = new ArrayList<>();

  private BrokerProcess(MemoryWorld world, BrokerSelf self, LastRun lastRun) {
    this.world = world;
    this.store = world.open();
    registration = new BrokerRegistration(store, self, lastRun, this, this);
  }

  public static BrokerSelf self(int id) {
    return new BrokerSelf(
        id,
        "directory-" + id,
        "boot-1",
        Map.of("client", new Endpoint("host-" + id, 7272)),
        "",
        "0.1",
        false);
  }

  public static BrokerSelf self(int id, String directoryId, String bootId, boolean acceptsNew) {
    BrokerSelf usual = self(id);
    return new BrokerSelf(
        id, directoryId, bootId, usual.endpoints(), "", usual.softwareVersion(), acceptsNew);
  }

  /** Founds the cluster where there is none. */
  public static BrokerProcess start(MemoryWorld world, BrokerSelf self) {
    return start(world, self, LastRun.NONE);
  }

  public static BrokerProcess start(MemoryWorld world, BrokerSelf self, boolean isInDoubt) {
    return start(world, self, isInDoubt ? LastRun.IN_DOUBT : LastRun.NONE);
  }

  public static BrokerProcess start(MemoryWorld world, BrokerSelf self, LastRun lastRun) {
    BrokerProcess process = new BrokerProcess(world, self, lastRun);
    ClusterIdentity identity = new ClusterIdentity(process.store, world.process(process.store));
    for (int tries = 0; ; tries++) {
      ClusterIdentity.Outcome outcome = world.get(identity.establish(Optional.empty()));
      if (outcome instanceof ClusterIdentity.Outcome.Established) {
        break;
      }
      if (tries == 100) {
        throw new AssertionError("no cluster: " + outcome);
      }
      world.settle();
    }
    process.registration.start();
    return process;
  }

  /** To be called before anything happened. */
  BrokerProcess answeringWith(Boolean... answers) {
    leaving.addAll(List.of(answers));
    return this;
  }

  public MemoryStore store() {
    return store;
  }

  public BrokerRegistration registration() {
    return registration;
  }

  public List<String> heard() {
    return heard;
  }

  public void await(String what) {
    world.await(what, () -> heard.contains(what));
  }

  /** Like kill -9: the session stays until the servers miss it. */
  public void kill() {
    world.process(store).kill();
  }

  @Override
  public void registered(int incarnation) {
    heard.add("registered " + incarnation);
  }

  @Override
  public void suspended() {
    heard.add("suspended");
  }

  @Override
  public void resumed() {
    heard.add("resumed");
  }

  @Override
  public void outOfTime() {
    heard.add("out of time");
  }

  @Override
  public void expired() {
    heard.add("expired");
  }

  @Override
  public void refused(String why) {
    heard.add("refused");
  }

  @Override
  public CompletionStage<Boolean> leaveSets(Why why) {
    heard.add(
        switch (why) {
          case NEW_DIRECTORY -> "leave, all is lost";
          case OLD_COPY -> "leave, an old copy";
          case MACHINE_RESTARTED -> "leave";
        });
    return CompletableFuture.completedFuture(leaving.isEmpty() || leaving.remove(0));
  }

  @Override
  public CompletionStage<Boolean> recordBootId() {
    heard.add("record boot id");
    return CompletableFuture.completedFuture(true);
  }
}
