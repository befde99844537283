package io.millrace.client;

import io.millrace.client.fake.SimulatedWorld;
import java.util.concurrent.CompletableFuture;

/** An admin client in a simulated world. */
final class SimulatedAdmin {
  private final SimulatedWorld world;
  private final AdminClient admin;

  SimulatedAdmin(SimulatedWorld world, AdminSettings.Builder settings) {
    this.world = world;
    AdminSettings built = settings.discovery(world.cluster()).build();
    ClientRuntime runtime =
        new ClientRuntime(
            built, 16 << 20, world.clientTasks(), world.clientTransport(), world.cluster());
    this.admin = new AdminClient(built, runtime);
  }

  static AdminSettings.Builder settings() {
    return AdminSettings.builder("zk:2181/millrace");
  }

  AdminClient client() {
    return admin;
  }

  /** Lets time pass until it has ended, well or badly. */
  <T> CompletableFuture<T> ended(CompletableFuture<T> future) {
    world.await("the call to end", future::isDone);
    return future;
  }
}
