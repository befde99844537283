package io.millrace.coordination.curator;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.ClusterStoreContract;
import io.millrace.coordination.store.SessionEvent;
import io.millrace.coordination.store.StoreWorld;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The store keeps the contract on a real server. */
class CuratorStoreTest extends ClusterStoreContract {
  private static ZooKeeperWorld world;

  @BeforeAll
  static void startServer() {
    world = new ZooKeeperWorld();
  }

  @AfterAll
  static void stopServer() {
    world.close();
  }

  @AfterEach
  void closeStores() {
    world.closeStores();
  }

  @Override
  protected StoreWorld newWorld() {
    world.anotherChroot();
    return world;
  }

  /** ZooKeeper's client does, after 4/3 of the time-out, and says so as if it knew. */
  @Test
  void takesNoSessionForEndedWhileThereIsNobodyToAsk() {
    ClusterStore hasty = world.openShort();
    Queue<SessionEvent> events = new ConcurrentLinkedQueue<>();
    hasty.loop().execute(() -> hasty.onSession(events::add));
    world.await("connected", () -> events.peek() instanceof SessionEvent.Connected);

    world.stopServers();
    try {
      world.await("out of time", () -> events.contains(new SessionEvent.OutOfTime()));
      Awaitility.await("no end of the session is told")
          .during(Duration.ofSeconds(2))
          .atMost(Duration.ofSeconds(30))
          .until(() -> events.stream().noneMatch(SessionEvent.Expired.class::isInstance));
    } finally {
      world.restartServers();
    }
    world.await(
        "connected again",
        () -> List.copyOf(events).get(events.size() - 1) instanceof SessionEvent.Connected);
  }
}
