package io.millrace.coordination.curator;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.ClusterStoreContract;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.SessionEvent;
import io.millrace.coordination.store.StoreWorld;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingServer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

  /** Its server refuses whoever has seen more than it has itself, without a word to the client. */
  @Test
  @DisplayName("ZooKeeper restored from an older state: the store goes on as another session")
  void comesBackToAnEnsembleThatKnowsLess(@TempDir Path older) throws Exception {
    try (TestingServer before = server(-1, null)) {
      ClusterStore store =
          CuratorStore.open(before.getConnectString(), "/restored", 4_000, 15_000, world.tasks());
      try {
        Queue<SessionEvent> events = new ConcurrentLinkedQueue<>();
        store.loop().execute(() -> store.onSession(events::add));
        for (int i = 0; i < 20; i++) {
          world.get(store, s -> s.read("/"));
          world.get(store, s -> s.create("/", ByteString.EMPTY, NodeKind.PERSISTENT));
        }
        before.stop();
        try (TestingServer restored = server(before.getPort(), older)) {
          world.await(
              "another session at " + restored.getConnectString(),
              () -> events.stream().filter(SessionEvent.Connected.class::isInstance).count() == 2);
        }
        assertThat(events).hasAtLeastOneElementOfType(SessionEvent.Expired.class);
      } finally {
        store.close();
      }
    }
  }

  private static TestingServer server(int port, @Nullable Path directory) throws Exception {
    return new TestingServer(
        new InstanceSpec(
            directory == null ? null : directory.toFile(), port, -1, -1, true, -1, 500, -1),
        true);
  }
}
