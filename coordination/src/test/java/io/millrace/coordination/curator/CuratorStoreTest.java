package io.millrace.coordination.curator;

import io.millrace.coordination.store.ClusterStoreContract;
import io.millrace.coordination.store.StoreWorld;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

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
}
