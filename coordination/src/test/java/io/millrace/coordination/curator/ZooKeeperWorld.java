package io.millrace.coordination.curator;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.store.StoreWorld;
import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.Tasks;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingServer;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.awaitility.Awaitility;

/** A real ZooKeeper server and the machine's own time. */
public final class ZooKeeperWorld implements StoreWorld, AutoCloseable {
  private static final int TICK_MILLIS = 500;
  private static final int SESSION_MILLIS = 20 * TICK_MILLIS;
  private static final int CONNECT_MILLIS = 15_000;

  private final Tasks tasks = new SystemTasks();
  private final TestingServer server;
  private final List<ClusterStore> stores = new ArrayList<>();
  private int chroots;

  public ZooKeeperWorld() {
    try {
      server =
          new TestingServer(new InstanceSpec(null, -1, -1, -1, true, -1, TICK_MILLIS, -1), true);
    } catch (Exception e) {
      throw new IllegalStateException("cannot start a ZooKeeper server", e);
    }
  }

  public Tasks tasks() {
    return tasks;
  }

  public String connectString() {
    return server.getConnectString();
  }

  /** What was done before is not seen any more. */
  public void anotherChroot() {
    chroots++;
  }

  public String chroot() {
    return "/tests/number-" + chroots;
  }

  @Override
  public ClusterStore open() {
    return open(SESSION_MILLIS);
  }

  @Override
  public ClusterStore openShort() {
    return open(TICK_MILLIS * 2);
  }

  private ClusterStore open(int sessionMillis) {
    ClusterStore store =
        CuratorStore.open(connectString(), chroot(), sessionMillis, CONNECT_MILLIS, tasks);
    stores.add(store);
    // So that the first write is not rejected for want of contact.
    get(store, s -> s.read("/"));
    return store;
  }

  public void closeStores() {
    stores.forEach(ClusterStore::close);
    stores.clear();
  }

  @Override
  public <T> T get(ClusterStore store, Function<ClusterStore, CompletionStage<T>> asked) {
    return get(OnLoop.call(store.loop(), () -> asked.apply(store)));
  }

  /** Waits for a stage that was asked for elsewhere. */
  public <T> T get(CompletionStage<T> stage) {
    CompletableFuture<T> result = stage.toCompletableFuture();
    try {
      return result.get(30, SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError("no answer", e);
    }
  }

  @Override
  public void await(String what, BooleanSupplier condition) {
    Awaitility.await(what)
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(10))
        .until(condition::getAsBoolean);
  }

  /** Whatever a server would have sent by itself has arrived when it answers us. */
  @Override
  public void settle() {
    for (ClusterStore store : stores) {
      get(store, s -> s.sync("/"));
    }
  }

  /** As ZooKeeper's own tests do it: somebody else closes the same session. */
  @Override
  public void expire(ClusterStore store) {
    long session = get(store, s -> CompletableFuture.completedFuture(s.sessionId())).orElseThrow();
    CountDownLatch connected = new CountDownLatch(1);
    try {
      ZooKeeper second =
          new ZooKeeper(
              connectString(),
              SESSION_MILLIS,
              event -> {
                if (event.getState() == KeeperState.SyncConnected) {
                  connected.countDown();
                }
              },
              session,
              passwordOf(session));
      if (!connected.await(30, SECONDS)) {
        throw new AssertionError("the session could not be taken over");
      }
      second.close();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** How a ZooKeeper server makes it: {@code ZooKeeperServer.generatePasswd}. */
  private static byte[] passwordOf(long session) {
    byte[] password = new byte[16];
    new Random(session ^ 0xB3415C00L).nextBytes(password);
    return password;
  }

  @Override
  public void stopServers() {
    try {
      server.stop();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void restartServers() {
    try {
      server.restart();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    closeStores();
    try {
      server.close();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
