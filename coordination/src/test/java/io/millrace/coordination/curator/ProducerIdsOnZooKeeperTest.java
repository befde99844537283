package io.millrace.coordination.curator;

import io.millrace.coordination.ids.ProducerIdsContract;
import io.millrace.coordination.store.StoreWorld;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** Ids are given out once on a real server too. */
class ProducerIdsOnZooKeeperTest extends ProducerIdsContract {
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
  protected StoreWorld world() {
    world.anotherChroot();
    return world;
  }
}
