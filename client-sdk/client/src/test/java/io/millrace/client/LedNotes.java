package io.millrace.client;

import io.millrace.client.fake.SimulatedWorld;
import java.time.Duration;
import java.util.List;

/**
 * Three brokers and the topic {@code notes}, which broker 1 leads and broker 2 has a copy of, for
 * tests of what a producer does when that changes.
 */
final class LedNotes {
  private final SimulatedWorld world = new SimulatedWorld(3, 3);

  SimulatedWorld world() {
    return world;
  }

  /** One that has written a record, three seconds ago. */
  SimulatedProducer producer() {
    world.cluster().createTopic("notes", 1);
    world.cluster().setInSync("notes", 0, List.of(1, 2));
    SimulatedProducer producer = new SimulatedProducer(world, SimulatedProducer.settings());
    producer.learn("notes");
    producer.send("notes", 0, "first");
    producer.awaitAll();
    world.runFor(Duration.ofSeconds(3));
    return producer;
  }

  /** In virtual time. */
  long millis() {
    return world.scheduler().nanoTime() / 1_000_000;
  }
}
